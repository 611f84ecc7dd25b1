# fish completion of trust and trustcli. Made by .ci/generate.py: do not edit.

# Print the command on the line, the number of arguments after it, and the value of --home.
function __trust_line
    set -l command
    set -l place 0
    set -l home
    set -l option
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if test -n "$option"
            test "$option" = --home; and set home $word
            set option
        else if string match -qr -- '^--home=' $word
            set home (string replace -- --home= '' $word)
        else if string match -q -- '-?*' $word
            contains -- $word --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command --import --format --new-passphrase-file --new-passphrase-fd --new-passphrase-command --compromised-since --reason --weight --url --category -c -m --evidence --task --expires --via-agent --batch --priority --previous --from --model --as-of --hops --top --bottom --min --raters --max-age --max-spread --policy --unknown --limit --by --since --until --kind -f --depth --output -o --subject --system --map --scale; and set option $word
        else if test -z "$command"; or contains -- "$command" id peer bridge config ledger
            set command (string trim -- "$command $word")
        else
            set place (math $place + 1)
        end
    end
    printf '%s\n' "$command" $place "$home"
end

# __trust_at COMMAND [PLACE]: whether the word to complete belongs to the command, at that place.
function __trust_at
    set -l line (__trust_line)
    test "$line[1]" = "$argv[1]"; or return 1
    test (count $argv) -lt 2; or test "$line[2]" = "$argv[2]"
end

function __trust_names
    set -l line (__trust_line)
    set -l words (commandline -opc)
    if test -n "$line[3]"
        command $words[1] --home (string replace -r '^~/' "$HOME/" -- $line[3]) completion --names 2>/dev/null
    else
        command $words[1] completion --names 2>/dev/null
    end
end

complete -c trust -e
complete -c trust -f
complete -c trustcli -w trust

complete -c trust -l home -r -F -d 'use everything under DIR: one directory, one node'
complete -c trust -l as -r -f -a '(__trust_names)' -d 'use the key called NAME'
complete -c trust -l json -d 'print one JSON document, also on error'
complete -c trust -l quiet -s q -d 'no talk on stderr'
complete -c trust -l verbose -s v -d 'more talk; the traceback of a bug'
complete -c trust -l no-color -d 'no colour, no drawing'
complete -c trust -l no-input -d 'never ask anything'
complete -c trust -l yes -s y -d 'answer yes to questions'
complete -c trust -l lock-wait -x -d 'seconds to wait for another process that writes'
complete -c trust -l passphrase-file -r -F -d 'read the key\'s passphrase from FILE'
complete -c trust -l passphrase-fd -x -d 'read it from file descriptor N'
complete -c trust -l passphrase-command -x -d 'read it from the output of COMMAND'
complete -c trust -l help -s h -d 'show a page like this one'
complete -c trust -n '__trust_at \'\'' -l version -d 'print the version'
complete -c trust -n '__trust_at \'\'' -a keygen -d 'Make a key: who you are to others'
complete -c trust -n '__trust_at \'\'' -a id -d 'Own keys: show, export, protect, rotate, retire'
complete -c trust -n '__trust_at \'\'' -a peer -d 'Names for keys and URIs; weights and blocks'
complete -c trust -n '__trust_at \'\'' -a rate -d 'Say what you think of somebody: 1 to 5 stars, in one category'
complete -c trust -n '__trust_at \'\'' -a revoke -d 'Take back a rating of yours: by its record, or all about a subject'
complete -c trust -n '__trust_at \'\'' -a undo -d 'Take back your last rating: withdrawn if it never left this machine, else revoked'
complete -c trust -n '__trust_at \'\'' -a report -d 'Sign a trust event about an agent, for the mesh'
complete -c trust -n '__trust_at \'\'' -a status -d 'Show who you are, what the ledger holds, and what needs attention'
complete -c trust -n '__trust_at \'\'' -a score -d 'Show how good somebody is, as seen by you: stars, their range, raters for and against'
complete -c trust -n '__trust_at \'\'' -a check -d 'Decide whether somebody is trusted enough: exit 0 yes, 1 no, 3 not enough evidence'
complete -c trust -n '__trust_at \'\'' -a why -d 'Explain a score: whose ratings count, by which path and weight; which do not, and why not'
complete -c trust -n '__trust_at \'\'' -a log -d 'List records, the newest last, one a line'
complete -c trust -n '__trust_at \'\'' -a show -d 'Show one record, verified again now'
complete -c trust -n '__trust_at \'\'' -a verify -d 'Check signatures and ids again: of the ledger, of one record, or of a file'
complete -c trust -n '__trust_at \'\'' -a graph -d 'Draw who rates whom around you'
complete -c trust -n '__trust_at \'\'' -a export -d 'Write records as a bundle that others can import and verify, by mail, stick or web'
complete -c trust -n '__trust_at \'\'' -a import -d 'Take records in: every line is verified, the good ones are kept'
complete -c trust -n '__trust_at \'\'' -a bridge -d 'Bring ratings of an outside system in'
complete -c trust -n '__trust_at \'\'' -a config -d 'Settings'
complete -c trust -n '__trust_at \'\'' -a doctor -d 'Look at what tends to be wrong: libraries, file modes, disk, clock, another `trust` on the PATH'
complete -c trust -n '__trust_at \'\'' -a ledger -d 'The ledger file: backup, check, compact'
complete -c trust -n '__trust_at \'\'' -a completion -d 'Print the completion script of a shell'
complete -c trust -n '__trust_at \'\'' -a capabilities -d 'Describe this program for programs: commands, options, exit codes, models, reasons'
complete -c trust -n '__trust_at \'\'' -a help -d 'Show the page of a command or topic'
complete -c trust -n '__trust_at \'keygen\'' -l no-passphrase -d 'keep the key unencrypted and do not ask'
complete -c trust -n '__trust_at \'keygen\'' -l import -r -F -d 'take the key in FILE (seed-hex, multibase, JWK, OpenSSH) instead of a new one'
complete -c trust -n '__trust_at \'id\'' -a ls -d 'List own keys'
complete -c trust -n '__trust_at \'id\'' -a show -d 'Show one own key: id, words to compare by voice, file, age'
complete -c trust -n '__trust_at \'id\'' -a use -d 'Let another key sign from now on'
complete -c trust -n '__trust_at \'id\'' -a export -d 'Print a key for other programs: public by default'
complete -c trust -n '__trust_at \'id\'' -a import -d 'Take an existing Ed25519 key in as an own key'
complete -c trust -n '__trust_at \'id\'' -a passwd -d 'Set, change or remove the passphrase of a key file'
complete -c trust -n '__trust_at \'id\'' -a rotate -d 'Replace the key in use by a new one without losing what it earned, in two steps'
complete -c trust -n '__trust_at \'id\'' -a retire -d 'End the key in use, for good'
complete -c trust -n '__trust_at \'id show\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'id use\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'id export\'' -l secret -d 'export the secret key; keep the output safe'
complete -c trust -n '__trust_at \'id export\'' -l format -r -f -a 'did multibase jwk openssh hex seed-hex' -d 'did, multibase, jwk, openssh or hex; with --secret multibase, jwk, openssh or seed-hex'
complete -c trust -n '__trust_at \'id export\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'id import\'' -l no-passphrase -d 'keep the key unencrypted and do not ask'
complete -c trust -n '__trust_at \'id import\' 0' -F
complete -c trust -n '__trust_at \'id passwd\'' -l new-passphrase-file -r -F -d 'read the new passphrase from FILE'
complete -c trust -n '__trust_at \'id passwd\'' -l new-passphrase-fd -x -d 'read it from file descriptor N'
complete -c trust -n '__trust_at \'id passwd\'' -l new-passphrase-command -x -d 'read it from the output of COMMAND'
complete -c trust -n '__trust_at \'id passwd\'' -l no-passphrase -d 'store the key unencrypted'
complete -c trust -n '__trust_at \'id passwd\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'id rotate\'' -l confirm -d 'second half: the new key accepts, and signs from now on'
complete -c trust -n '__trust_at \'id rotate\'' -l no-passphrase -d 'keep the new key unencrypted and do not ask'
complete -c trust -n '__trust_at \'id retire\'' -l compromised-since -x -d 'the key is in other hands since TIME: what it signed from then on does not count'
complete -c trust -n '__trust_at \'id retire\'' -l reason -x -d 'why, for all to read'
complete -c trust -n '__trust_at \'peer\'' -a add -d 'Bind a name of your own to a key or URI'
complete -c trust -n '__trust_at \'peer\'' -a ls -d 'List the names you gave, with weights and blocks'
complete -c trust -n '__trust_at \'peer\'' -a show -d 'Show one peer: key, words to compare by voice, weight, block'
complete -c trust -n '__trust_at \'peer\'' -a rename -d 'Give a peer another name'
complete -c trust -n '__trust_at \'peer\'' -a rm -d 'Forget a name'
complete -c trust -n '__trust_at \'peer\'' -a block -d 'Ignore what somebody says, from now on and only here'
complete -c trust -n '__trust_at \'peer\'' -a unblock -d 'Listen to somebody again'
complete -c trust -n '__trust_at \'peer add\'' -l weight -x -d 'how much you listen to their ratings before you have rated them, 0 to 1'
complete -c trust -n '__trust_at \'peer add\'' -l url -x -d 'where their node is reached'
complete -c trust -n '__trust_at \'peer show\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'peer rename\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'peer rm\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'peer block\'' -l reason -x -d 'why; for yourself'
complete -c trust -n '__trust_at \'peer block\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'peer unblock\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'rate\'' -l category -s c -x -d 'what about: reliability, performance, honesty or any word of yours'
complete -c trust -n '__trust_at \'rate\'' -l reason -s m -x -d 'why, for all to read: TEXT, @FILE or - for stdin'
complete -c trust -n '__trust_at \'rate\'' -l evidence -x -d 'a URI that shows it; may be repeated'
complete -c trust -n '__trust_at \'rate\'' -l task -x -d 'the task it is about'
complete -c trust -n '__trust_at \'rate\'' -l expires -x -d 'stop counting then: 90d, 2027-01-01'
complete -c trust -n '__trust_at \'rate\'' -l private -d 'keep it on this machine: signed, counted for you, never sent'
complete -c trust -n '__trust_at \'rate\'' -l via-agent -x -d 'a machine made this rating: which'
complete -c trust -n '__trust_at \'rate\'' -l human-guided -d 'with --via-agent: a person steered it'
complete -c trust -n '__trust_at \'rate\'' -l new -d 'take an unknown name although it is near a known one'
complete -c trust -n '__trust_at \'rate\'' -l strict -d 'refuse names that no key is bound to (66)'
complete -c trust -n '__trust_at \'rate\'' -l dry-run -s n -d 'show what would be signed, store nothing'
complete -c trust -n '__trust_at \'rate\'' -l batch -r -F -d 'rate from NDJSON, {"subject":…,"stars":4,…} a line; - for stdin'
complete -c trust -n '__trust_at \'rate\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'revoke\'' -l category -s c -x -d 'only ratings in this category'
complete -c trust -n '__trust_at \'revoke\'' -l reason -s m -x -d 'why, for all to read: TEXT, @FILE or - for stdin'
complete -c trust -n '__trust_at \'revoke\'' -l priority -r -f -a 'normal high critical' -d 'how fast it travels: `critical` goes before everything else'
complete -c trust -n '__trust_at \'revoke\'' -l dry-run -s n -d 'show what would be taken back'
complete -c trust -n '__trust_at \'revoke\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'undo\'' -l dry-run -s n -d 'show what would be undone'
complete -c trust -n '__trust_at \'report\'' -l previous -x -d 'the score before'
complete -c trust -n '__trust_at \'report\'' -l reason -s m -x -d 'why, for all to read: TEXT, @FILE or - for stdin'
complete -c trust -n '__trust_at \'report\'' -l priority -r -f -a 'normal high critical' -d 'how fast it travels'
complete -c trust -n '__trust_at \'report\'' -l dry-run -s n -d 'show what would be signed'
complete -c trust -n '__trust_at \'report\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'status\'' -l check -d 'exit 1 when there are alerts above `info`'
complete -c trust -n '__trust_at \'status\'' -l metrics -d 'print Prometheus text for a node_exporter textfile'
complete -c trust -n '__trust_at \'score\'' -l category -s c -x -d 'only ratings in this category'
complete -c trust -n '__trust_at \'score\'' -l from -r -f -a '(__trust_names)' -d 'as seen by NAME, a key, or an outside identity such as otc:35; default: you'
complete -c trust -n '__trust_at \'score\'' -l model -r -f -a 'beta stars eigentrust' -d 'beta, stars, eigentrust; default: setting `model`'
complete -c trust -n '__trust_at \'score\'' -l as-of -x -d 'what was known then: 2026-11-20, 90d, now-1h'
complete -c trust -n '__trust_at \'score\'' -l hops -x -d 'longest chain of ratings from the viewpoint to the subject'
complete -c trust -n '__trust_at \'score\'' -l human-only -d 'leave out what machines rated unguided'
complete -c trust -n '__trust_at \'score\'' -l top -x -d 'only the N best'
complete -c trust -n '__trust_at \'score\'' -l bottom -x -d 'only the N worst'
complete -c trust -n '__trust_at \'score\'' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'check\'' -l min -x -d 'at least S stars; default 3.5'
complete -c trust -n '__trust_at \'check\'' -l category -s c -x -d 'only ratings in this category'
complete -c trust -n '__trust_at \'check\'' -l raters -x -d 'at least N raters within reach'
complete -c trust -n '__trust_at \'check\'' -l max-age -x -d 'the newest rating is not older: 90d'
complete -c trust -n '__trust_at \'check\'' -l max-spread -x -d 'highest and lowest stars are no further apart'
complete -c trust -n '__trust_at \'check\'' -l human-only -d 'leave out what machines rated unguided'
complete -c trust -n '__trust_at \'check\'' -l policy -x -d 'rules from a named policy or a TOML file; options win over it'
complete -c trust -n '__trust_at \'check\'' -l unknown -r -f -a 'review deny allow' -d 'what too little evidence means: review (exit 3), deny (1) or allow (0)'
complete -c trust -n '__trust_at \'check\'' -l from -r -f -a '(__trust_names)' -d 'as seen by NAME, a key, or an outside identity such as otc:35; default: you'
complete -c trust -n '__trust_at \'check\'' -l model -r -f -a 'beta stars eigentrust' -d 'beta, stars, eigentrust; default: setting `model`'
complete -c trust -n '__trust_at \'check\'' -l as-of -x -d 'what was known then: 2026-11-20, 90d, now-1h'
complete -c trust -n '__trust_at \'check\'' -l hops -x -d 'longest chain of ratings from the viewpoint to the subject'
complete -c trust -n '__trust_at \'check\'' -l explain -d 'show the rules that failed'
complete -c trust -n '__trust_at \'check\'' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'why\'' -l category -s c -x -d 'only ratings in this category'
complete -c trust -n '__trust_at \'why\'' -l from -r -f -a '(__trust_names)' -d 'as seen by NAME, a key, or an outside identity such as otc:35; default: you'
complete -c trust -n '__trust_at \'why\'' -l model -r -f -a 'beta stars eigentrust' -d 'beta, stars, eigentrust; default: setting `model`'
complete -c trust -n '__trust_at \'why\'' -l as-of -x -d 'what was known then: 2026-11-20, 90d, now-1h'
complete -c trust -n '__trust_at \'why\'' -l hops -x -d 'longest chain of ratings from the viewpoint to the subject'
complete -c trust -n '__trust_at \'why\'' -l human-only -d 'leave out what machines rated unguided'
complete -c trust -n '__trust_at \'why\'' -l limit -x -d 'show at most N voices and N left out; default 20'
complete -c trust -n '__trust_at \'why\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'log\'' -l by -r -f -a '(__trust_names)' -d 'only records of NAME'
complete -c trust -n '__trust_at \'log\'' -l since -x -d 'made since TIME'
complete -c trust -n '__trust_at \'log\'' -l until -x -d 'made until TIME'
complete -c trust -n '__trust_at \'log\'' -l category -s c -x -d 'only ratings in this category'
complete -c trust -n '__trust_at \'log\'' -l kind -r -f -a 'rating revocation key announce update' -d 'only this kind: rating, revocation, key, …'
complete -c trust -n '__trust_at \'log\'' -l limit -x -d 'the newest N; default 50, 0 for all'
complete -c trust -n '__trust_at \'log\'' -l follow -s f -d 'go on as records arrive, until stopped'
complete -c trust -n '__trust_at \'log\' 0' -f -a '(__trust_names)'
complete -c trust -n '__trust_at \'show\'' -l raw -d 'the record exactly as it was signed, one NDJSON line'
complete -c trust -n '__trust_at \'verify\' 0' -F
complete -c trust -n '__trust_at \'graph\'' -l format -s f -r -f -a 'csv dot graphml html json mermaid svg' -d 'csv, dot, graphml, html, json, mermaid, svg; default by the name of the output, else dot'
complete -c trust -n '__trust_at \'graph\'' -l depth -x -d 'ratings away from the viewpoint; default 2'
complete -c trust -n '__trust_at \'graph\'' -l category -s c -x -d 'only ratings in this category'
complete -c trust -n '__trust_at \'graph\'' -l from -r -f -a '(__trust_names)' -d 'as seen by NAME, a key, or an outside identity such as otc:35; default: you'
complete -c trust -n '__trust_at \'graph\'' -l model -r -f -a 'beta stars eigentrust' -d 'beta, stars, eigentrust; default: setting `model`'
complete -c trust -n '__trust_at \'graph\'' -l as-of -x -d 'what was known then: 2026-11-20, 90d, now-1h'
complete -c trust -n '__trust_at \'graph\'' -l output -s o -r -F -d 'write to FILE (never overwritten)'
complete -c trust -n '__trust_at \'export\'' -l output -s o -r -F -d 'write to FILE (never overwritten); default stdout'
complete -c trust -n '__trust_at \'export\'' -l since -x -d 'only records made since TIME'
complete -c trust -n '__trust_at \'export\'' -l subject -r -f -a '(__trust_names)' -d 'only ratings of NAME'
complete -c trust -n '__trust_at \'export\'' -l by -r -f -a '(__trust_names)' -d 'only records of NAME'
complete -c trust -n '__trust_at \'export\'' -l category -s c -x -d 'only ratings in this category'
complete -c trust -n '__trust_at \'export\'' -l kind -r -f -a 'rating revocation key announce update' -d 'only this kind'
complete -c trust -n '__trust_at \'export\'' -l include-private -d 'your private ratings too: for a machine of your own'
complete -c trust -n '__trust_at \'export\'' -l dry-run -s n -d 'say what would be exported'
complete -c trust -n '__trust_at \'import\'' -l dry-run -s n -d 'verify all, store nothing'
complete -c trust -n '__trust_at \'import\' 0' -F
complete -c trust -n '__trust_at \'bridge\'' -a csv -d 'Bring the ratings of an outside system in, as records signed by this key'
complete -c trust -n '__trust_at \'bridge csv\'' -l system -x -d 'the outside system: its rater 35 becomes SYSTEM:35'
complete -c trust -n '__trust_at \'bridge csv\'' -l map -x -d 'columns by number (from 0) or header: rater=0,subject=1,value=2,time=3'
complete -c trust -n '__trust_at \'bridge csv\'' -l scale -x -d 'lowest and highest value there; mapped to 1..5 stars'
complete -c trust -n '__trust_at \'bridge csv\'' -l category -s c -x -d 'category of the ratings'
complete -c trust -n '__trust_at \'bridge csv\'' -l dry-run -s n -d 'sign nothing, store nothing'
complete -c trust -n '__trust_at \'bridge csv\' 0' -F
complete -c trust -n '__trust_at \'config\'' -a get -d 'Print one setting'
complete -c trust -n '__trust_at \'config\'' -a set -d 'Change one setting'
complete -c trust -n '__trust_at \'config\'' -a unset -d 'Bring one setting back to its default'
complete -c trust -n '__trust_at \'config\'' -a ls -d 'List all settings with their meaning'
complete -c trust -n '__trust_at \'config\'' -a path -d 'Print where the settings file is, whether it exists or not'
complete -c trust -n '__trust_at \'config get\' 0' -f -a 'identity network model hops half_life_days require_known lock_wait owner role subjects seeds listen endpoints hosts allow_private sync_every'
complete -c trust -n '__trust_at \'config set\' 0' -f -a 'identity network model hops half_life_days require_known lock_wait owner role subjects seeds listen endpoints hosts allow_private sync_every'
complete -c trust -n '__trust_at \'config unset\' 0' -f -a 'identity network model hops half_life_days require_known lock_wait owner role subjects seeds listen endpoints hosts allow_private sync_every'
complete -c trust -n '__trust_at \'config ls\'' -l origin -d 'show where each value comes from'
complete -c trust -n '__trust_at \'ledger\'' -a path -d 'Print where the ledger is, whether it exists or not'
complete -c trust -n '__trust_at \'ledger\'' -a backup -d 'Copy the ledger to a new file, safe while others write'
complete -c trust -n '__trust_at \'ledger\'' -a check -d 'Check the file\'s structure and recompute what is derived'
complete -c trust -n '__trust_at \'ledger\'' -a compact -d 'Rewrite the file without free space, and delete for good what was withdrawn'
complete -c trust -n '__trust_at \'ledger\'' -a migrate -d 'Bring the ledger to this program\'s schema'
complete -c trust -n '__trust_at \'ledger backup\' 0' -F
complete -c trust -n '__trust_at \'ledger migrate\'' -l dry-run -s n -d 'say what would be done'
complete -c trust -n '__trust_at \'completion\'' -l names -d 'print known names, one a line: what the scripts complete with'
complete -c trust -n '__trust_at \'completion\' 0' -f -a 'bash zsh fish'
complete -c trust -n '__trust_at \'help\'' -f -a 'exit-codes environment files json policy models keygen id peer rate revoke undo report status score check why log show verify graph export import bridge config doctor ledger completion capabilities help'
