# SPDX-License-Identifier: MIT
# Completion of ctrace(1) for bash.  Commands, options, formats and choices come from ctrace's own
# help, so that they are those of the ctrace that is installed.

_ctrace_commands() {
	ctrace --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p'
}

# --name, with a = behind it if it takes a value.
_ctrace_options() {
	ctrace "$1" --help 2>/dev/null |
		sed -nE 's/^ {2,6}(-., )?(--[a-z][a-z-]*)(=?).*/\2\3/p' | sort -u
}

# What an option takes one of, as in --theme=auto|light|dark.
_ctrace_choices() {
	ctrace "$1" --help 2>/dev/null |
		sed -nE "s/^ {2,6}(-., )?$2=([a-z]+(\\|[a-z]+)+)( .*)?$/\\2/p" | tr '|' '\n'
}

_ctrace_formats() {
	ctrace report --help 2>/dev/null | sed -nE '/^Formats:/,/^$/s/^  ([a-z]+) .*/\1/p'
}

_ctrace_command_on_line() {
	local word

	for word in $(_ctrace_commands); do
		[[ ${COMP_WORDS[1]} == "$word" ]] && echo "$word" && return
	done
	echo record
}

_ctrace() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command choices i

	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			_command_offset $((i + 1)) 2>/dev/null ||
				mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			return
		fi
	done
	command=$(_ctrace_command_on_line)
	# "--theme=da" comes as three words.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	-f | --format)
		mapfile -t COMPREPLY < <(compgen -W "$(_ctrace_formats)" -- "$cur")
		return
		;;
	-o | --output | --stats | --debug-dir)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--user)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		return
		;;
	--*)
		choices=$(_ctrace_choices "$command" "$prev")
		if [[ -n $choices ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$cur")
			return
		fi
		;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_ctrace_options "$command")" -- "$cur")
		[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
	elif ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$(_ctrace_commands) profile:hz:99 uprobe: \
			uretprobe: kprobe: tracepoint: software: hardware: interval:" -- "$cur")
		[[ ${COMPREPLY[0]} == *: ]] && compopt -o nospace
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

complete -o filenames -F _ctrace ctrace
