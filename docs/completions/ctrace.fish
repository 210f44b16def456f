# SPDX-License-Identifier: MIT
# Completion of ctrace(1) for fish.  Commands, options, formats and choices come from ctrace's own
# help, so that they are those of the ctrace that is installed.

# "name<tab>what it is", one a line.
function __ctrace_commands
	ctrace --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) +(.*)/\1\t\2/p'
end

# "--name<tab>what it does"; with a = behind the name if it takes a value.
function __ctrace_options
	ctrace $argv[1] --help 2>/dev/null |
		sed -nE 's/^ {2,6}(-., )?(--[a-z][a-z-]*)(=?)[^ ]* *(.*)/\2\3\t\4/p' | sort -u
end

# What an option takes one of, as in --theme=auto|light|dark.
function __ctrace_choices
	ctrace $argv[1] --help 2>/dev/null |
		sed -nE 's/^ {2,6}(-., )?'$argv[2]'=([a-z]+(\|[a-z]+)+)( .*)?$/\2/p' | tr '|' '\n'
end

function __ctrace_formats
	ctrace report --help 2>/dev/null | sed -nE '/^Formats:/,/^$/s/^  ([a-z]+) .*/\1/p'
end

function __ctrace_command_on_line
	set -l words (commandline -opc)
	if set -q words[2]; and contains -- $words[2] (__ctrace_commands | string replace -r '\t.*' '')
		echo $words[2]
	else
		echo record
	end
end

function __ctrace_complete
	set -l words (commandline -opc)
	set -l current (commandline -ct)
	set -l program (contains -i -- -- $words)
	if test -n "$program"
		complete -C (string join ' ' -- (string escape -- $words[(math $program + 1)..]) $current)
		return
	end
	set -l command (__ctrace_command_on_line)
	set -l option $words[-1]
	set -l before ''
	if string match -qr '^--[a-z-]+=' -- $current
		set option (string replace -r '=.*' '' -- $current)
		set before $option=
		set current (string replace -r '^[^=]*=' '' -- $current)
	end
	switch $option
		case -f --format
			printf '%s\n' $before(__ctrace_formats)
			return
		case -o --output --stats --debug-dir
			__fish_complete_path $current | string replace -r '^' -- $before
			return
		case --user
			__fish_complete_users
			return
		case '--*'
			set -l choices (__ctrace_choices $command $option)
			if test (count $choices) -gt 0
				printf '%s\n' $before$choices
				return
			end
	end
	if string match -q -- '-*' $current
		__ctrace_options $command
	else if test (count $words) -eq 1
		__ctrace_commands
		printf '%s\n' profile:hz:99 uprobe: uretprobe: kprobe: tracepoint: software: hardware: interval:
	else
		__fish_complete_path $current
	end
end

complete -c ctrace -f -a '(__ctrace_complete)'
