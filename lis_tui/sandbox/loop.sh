# Sent to an interactive bash without line editing, line by line. Interactive, because that is the bash that
# comes back to its prompt after an interrupt, whatever it was doing. FD 250 is the output, 251 the control channel.
PS1= PS2= PS4='+ '
set +o history +o histexpand
unset MAILCHECK TMOUT PROMPT_COMMAND PS0 __lis_cmd
__lis_last=0
__lis_go() {
  local kids=
  \builtin read -r kids 2>/dev/null </proc/$$/task/$$/children
  \builtin printf 'S %s %s\0' "$1" "$kids" >&251
  \builtin return "$__lis_last"
}
readonly -f __lis_go
readonly __lis_end='[[ ${__lis_d-} == "$__lis_n" ]] || { __lis_last=$__lis_r
\builtin printf "\0lis-%s;" "$__lis_m" >&250
{ \builtin declare -p >|"$__lis_dir/$__lis_s.vars"
\builtin declare -f >|"$__lis_dir/$__lis_s.functions"
\builtin declare -F >|"$__lis_dir/$__lis_s.attributes"
{ \builtin shopt -p; \builtin set +o; \builtin umask -p; } >|"$__lis_dir/$__lis_s.options"
\builtin alias -p >|"$__lis_dir/$__lis_s.aliases"
\builtin trap -p >|"$__lis_dir/$__lis_s.traps"
for __lis_o in c d f l m n s t u v; do \builtin ulimit -S -$__lis_o; done >|"$__lis_dir/$__lis_s.limits"
} 2>/dev/null || \builtin :
\builtin printf "E %s %s %s %s\0" "$__lis_n" "$__lis_last" "$__lis_s" "${PWD-}" >&251
__lis_d=$__lis_n; }'
