#compdef qm-tui
_qm_tui() {
    local line="${(j: :)words[1,CURRENT-1]} ${(q)PREFIX}"
    local -a found
    found=("${(@f)$(qm-tui complete zsh -- "$line" 2>/dev/null)}")
    compadd -S '' -- "${(@M)found:#*=}"
    compadd -- "${(@)${(@)found:#*=}:#}"
}
# zsh calls the file as this function if it is in fpath
if [[ ${funcstack[1]-} == _qm-tui ]]; then
    _qm_tui "$@"
else
    compdef _qm_tui qm-tui
fi
