_qm_tui() {
    local line=${COMP_LINE:0:COMP_POINT}
    mapfile -t COMPREPLY < <(qm-tui complete bash -- "$line" "$2" 2>/dev/null)
    [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
}
complete -o default -F _qm_tui qm-tui
