/** Words that shells complete by asking `weir` itself, so that a script never grows old. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type ShellName = (typeof SHELLS)[number];

/** The hidden command that they ask: each candidate on a line, its meaning after a tab. */
export const ASK = '__complete';

// A colon breaks words in bash and describes them in zsh, and topics and keys have none.
const bash = `# weir completion for bash:  source <(weir completion bash)
_weir() {
  local IFS=$'\\n' line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" ${ASK} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _weir weir
`;

const zsh = `#compdef weir
# weir completion for zsh:  source <(weir completion zsh)
_weir() {
  local -a found
  local line
  while IFS= read -r line; do
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <("\${words[1]}" ${ASK} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe 'weir' found; else _files; fi
}
if [ "$funcstack[1]" = "_weir" ]; then _weir "$@"; else compdef _weir weir; fi
`;

const fish = `# weir completion for fish:  weir completion fish | source
function __weir_complete
  set -l words (commandline -opc)
  $words[1] ${ASK} -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c weir -f -a '(__weir_complete)'
`;

export const SCRIPTS: Readonly<Record<ShellName, string>> = { bash, zsh, fish };
