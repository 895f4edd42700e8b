# Completion of the command multirank in bash. Its commands are those that `multirank help` prints.

_multirank() {
    local word=${COMP_WORDS[COMP_CWORD]} words='' command=${COMP_WORDS[1]:-}
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        words=$("$1" help 2>/dev/null | sed -nE 's/^(usage:|  +) *multirank ([a-z-]+).*/\2/p')
    elif [ "$command" = top ] || [ "$command" = stack ]; then
        [ "$COMP_CWORD" != 2 ] || words=$(ps -u "$(id -u)" -o pid= 2>/dev/null)
    else
        [ "$command" != debug ] || words=--valgrind
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$word" | sort -u)
}
complete -o filenames -F _multirank multirank
