# SPDX-License-Identifier: MIT
# Completion of ctrace(1) for bash: commands and options come from ctrace itself.

_ctrace_commands() {
	ctrace --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p'
}

_ctrace_options() {
	ctrace "$1" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*=?' | sort -u
}

_ctrace() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=record word i

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == -- ]]; then
			_command_offset $((i + 1)) 2>/dev/null ||
				mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			return
		fi
	done
	for word in $(_ctrace_commands); do
		[[ ${COMP_WORDS[1]} == "$word" ]] && command=$word
	done
	case $prev in
	-o | --output | --stats | --debug-dir)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--demangle)
		mapfile -t COMPREPLY < <(compgen -W "short full simple none" -- "$cur")
		return
		;;
	--user)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		return
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
