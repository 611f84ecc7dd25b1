# bash completion of trust and trustcli. Made by .ci/generate.py: do not edit.
# shellcheck shell=bash

# What may follow a command: sub-commands, options, and those of them that take a value.
_trustcli_command() {
    subs='' flags='' takes=''
    case $1 in
        '') subs='keygen init id peer rate revoke undo report status score check why log show verify graph sync compare serve devnet topology export import bridge observe standing propose proposal round simulate evaluate model config doctor ledger completion capabilities help' flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help --version' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        keygen) flags='--no-passphrase --import --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--import --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        init) flags='--owner --peer --endpoint --role --subject --listen --network --no-passphrase --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--owner --peer --endpoint --role --subject --listen --network --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        id) subs='ls show use export import passwd rotate retire' flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'id ls') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'id show') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'id use') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'id export') flags='--secret --format --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--format --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'id import') flags='--no-passphrase --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'id passwd') flags='--new-passphrase-file --new-passphrase-fd --new-passphrase-command --no-passphrase --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--new-passphrase-file --new-passphrase-fd --new-passphrase-command --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'id rotate') flags='--confirm --no-passphrase --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'id retire') flags='--compromised-since --reason --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--compromised-since --reason --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        peer) subs='add ls show rename rm find pending block unblock' flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'peer add') flags='--weight --url --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--weight --url --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'peer ls') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'peer show') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'peer rename') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'peer rm') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'peer find') flags='--refresh --timeout --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--timeout --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'peer pending') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'peer block') flags='--reason --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--reason --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'peer unblock') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        rate) flags='--category --reason --evidence --task --expires --private --via-agent --human-guided --new --strict --dry-run --batch --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--category -c --reason -m --evidence --task --expires --via-agent --batch --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        revoke) flags='--category --reason --priority --dry-run --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--category -c --reason -m --priority --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        undo) flags='--dry-run --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        report) flags='--previous --reason --priority --dry-run --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--previous --reason -m --priority --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        status) flags='--check --metrics --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        score) flags='--category --from --model --as-of --hops --human-only --min-confidence --top --bottom --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--category -c --from --model --as-of --hops --min-confidence --top --bottom --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        check) flags='--min --category --raters --max-age --max-spread --min-confidence --human-only --policy --unknown --from --model --as-of --hops --explain --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--min --category -c --raters --max-age --max-spread --min-confidence --policy --unknown --from --model --as-of --hops --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        why) flags='--category --from --model --as-of --hops --human-only --limit --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--category -c --from --model --as-of --hops --limit --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        log) flags='--by --since --until --category --kind --limit --follow --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--by --since --until --category -c --kind --limit --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        show) flags='--raw --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        verify) flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        graph) flags='--format --depth --category --from --model --as-of --output --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--format -f --depth --category -c --from --model --as-of --output -o --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        sync) flags='--pull --push --full --subject --timeout --strict --dry-run --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--subject --timeout --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        compare) flags='--ids --timeout --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--timeout --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        serve) flags='--listen --unix --fd --public --tls-cert --tls-key --read-only --get --print-unit --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--listen --unix --fd --tls-cert --tls-key --get --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        devnet) flags='--nodes --for --rounds --picture --keep --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--nodes --for --rounds --picture --keep --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        topology) flags='--format --output --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--format -f --output -o --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        export) flags='--output --since --subject --by --category --kind --include-private --dry-run --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--output -o --since --subject --by --category -c --kind --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        import) flags='--dry-run --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        bridge) subs=csv flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'bridge csv') flags='--system --map --scale --category --dry-run --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--system --map --scale --category -c --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        observe) flags='--weight --note --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--weight --note --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        standing) flags='--rules --as-of --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--rules --as-of --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        propose) flags='--message --file --batch --round --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--message -m --file --round --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        proposal) subs='ls show score' flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'proposal ls') flags='--round --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--round --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'proposal show') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'proposal score') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        round) subs='open step close status show audit' flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'round open') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'round step') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'round close') flags='--finality --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--finality --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'round status') flags='--last --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--last --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'round show') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'round audit') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        simulate) subs='rounds attack market flood secrecy example' flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'simulate rounds') flags='--nodes --neighbours --rounds --seed --seeds --mode --scorings --jitter --density --until-quiet --loss --churn --opinion --vouchers --curve --svg --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--nodes --neighbours --rounds --seed --seeds --mode --scorings --jitter --density --loss --churn --opinion --vouchers --svg --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'simulate attack') flags='--nodes --neighbours --rounds --seed --seeds --scorings --loss --opinion --vouchers --forget --share --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--nodes --neighbours --rounds --seed --seeds --scorings --loss --opinion --vouchers --share --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'simulate market') flags='--behaviour --model --shares --peers --rounds --offers --warm-up --pre-trusted --seed --seeds --trace --output --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--behaviour --model --shares --peers --rounds --offers --warm-up --pre-trusted --seed --seeds --trace --output --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'simulate flood') flags='--seconds --strength --observers --seed --threshold --output --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--seconds --strength --observers --seed --threshold --output --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'simulate secrecy') flags='--nodes --neighbours --rounds --seed --opinion --share --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--nodes --neighbours --rounds --seed --opinion --share --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'simulate example') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        evaluate) flags='--protocol --model --map --scale --labels --from --sample --no-self --plot --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--protocol --model --map --scale --labels --from --sample --plot --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        model) subs='ls show compare' flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'model ls') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'model show') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'model compare') flags='--model --category --from --as-of --hops --human-only --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--model --category -c --from --as-of --hops --home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        config) subs='get set unset ls path' flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'config get') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'config set') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'config unset') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'config ls') flags='--origin --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'config path') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        doctor) flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        ledger) subs='path backup check compact migrate' flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'ledger path') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'ledger backup') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'ledger check') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'ledger compact') flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        'ledger migrate') flags='--dry-run --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        completion) flags='--names --home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        capabilities) flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
        help) flags='--home --as --json --quiet --verbose --no-color --no-input --yes --lock-wait --passphrase-file --passphrase-fd --passphrase-command --help' takes='--home --as --lock-wait --passphrase-file --passphrase-fd --passphrase-command' ;;
    esac
}

# What the value of an option, or the argument at a place, is completed with.
_trustcli_value() {
    kind='' offered=''
    case $1 in
        *' --home') kind=files ;;
        *' --as') kind=names ;;
        *' --passphrase-file') kind=files ;;
        'keygen --import') kind=files ;;
        'init --role') offered='full light bridge' ;;
        'id show 0') kind=names ;;
        'id use 0') kind=names ;;
        'id export --format') offered='did multibase jwk openssh hex seed-hex' ;;
        'id export 0') kind=names ;;
        'id import 0') kind=files ;;
        'id passwd --new-passphrase-file') kind=files ;;
        'id passwd 0') kind=names ;;
        'peer show 0') kind=names ;;
        'peer rename 0') kind=names ;;
        'peer rm 0') kind=names ;;
        'peer find 0') offered='identity network model hops half_life_days require_known lock_wait owner role subjects seeds listen endpoints hosts allow_private bridge_file bridge_system bridge_map bridge_scale round_every propose standing_rules finality' ;;
        'peer block 0') kind=names ;;
        'peer unblock 0') kind=names ;;
        'rate --category') offered='overall reliability performance honesty' ;;
        'rate -c') offered='overall reliability performance honesty' ;;
        'rate --batch') kind=files ;;
        'rate 0') kind=names ;;
        'revoke --category') offered='overall reliability performance honesty' ;;
        'revoke -c') offered='overall reliability performance honesty' ;;
        'revoke --priority') offered='normal high critical' ;;
        'revoke 0') kind=names ;;
        'report --priority') offered='normal high critical' ;;
        'report 0') kind=names ;;
        'report 1') offered='verification-success verification-failure registration revocation reinstatement score-update' ;;
        'score --category') offered='overall reliability performance honesty' ;;
        'score -c') offered='overall reliability performance honesty' ;;
        'score --from') kind=names ;;
        'score --model') offered='beta beta-filtered stars eigentrust hybrid bias fairness rev2 subjective graperank graperank-bounded meritrank appleseed tidaltrust advogato sybilrank fire antcolony antcascade random-neural eigentrust-plus' ;;
        'score '[0-9]*) kind=names ;;
        'check --category') offered='overall reliability performance honesty' ;;
        'check -c') offered='overall reliability performance honesty' ;;
        'check --unknown') offered='review deny allow' ;;
        'check --from') kind=names ;;
        'check --model') offered='beta beta-filtered stars eigentrust hybrid bias fairness rev2 subjective graperank graperank-bounded meritrank appleseed tidaltrust advogato sybilrank fire antcolony antcascade random-neural eigentrust-plus' ;;
        'check '[0-9]*) kind=names ;;
        'why --category') offered='overall reliability performance honesty' ;;
        'why -c') offered='overall reliability performance honesty' ;;
        'why --from') kind=names ;;
        'why --model') offered='beta beta-filtered stars eigentrust hybrid bias fairness rev2 subjective graperank graperank-bounded meritrank appleseed tidaltrust advogato sybilrank fire antcolony antcascade random-neural eigentrust-plus' ;;
        'why 0') kind=names ;;
        'log --by') kind=names ;;
        'log --category') offered='overall reliability performance honesty' ;;
        'log -c') offered='overall reliability performance honesty' ;;
        'log --kind') offered='rating revocation key announce update proposal score winner evidence' ;;
        'log 0') kind=names ;;
        'verify 0') kind=files ;;
        'graph --format') offered='csv dot graphml html json mermaid svg' ;;
        'graph -f') offered='csv dot graphml html json mermaid svg' ;;
        'graph --category') offered='overall reliability performance honesty' ;;
        'graph -c') offered='overall reliability performance honesty' ;;
        'graph --from') kind=names ;;
        'graph --model') offered='beta beta-filtered stars eigentrust hybrid bias fairness rev2 subjective graperank graperank-bounded meritrank appleseed tidaltrust advogato sybilrank fire antcolony antcascade random-neural eigentrust-plus' ;;
        'graph --output') kind=files ;;
        'graph -o') kind=files ;;
        'sync --subject') kind=names ;;
        'sync '[0-9]*) kind=names ;;
        'compare 0') kind=names ;;
        'serve --unix') kind=files ;;
        'serve --tls-cert') kind=files ;;
        'serve --tls-key') kind=files ;;
        'devnet --picture') kind=files ;;
        'devnet --keep') kind=files ;;
        'topology --format') offered='dot html json mermaid svg' ;;
        'topology -f') offered='dot html json mermaid svg' ;;
        'topology --output') kind=files ;;
        'topology -o') kind=files ;;
        'export --output') kind=files ;;
        'export -o') kind=files ;;
        'export --subject') kind=names ;;
        'export --by') kind=names ;;
        'export --category') offered='overall reliability performance honesty' ;;
        'export -c') offered='overall reliability performance honesty' ;;
        'export --kind') offered='rating revocation key announce update proposal score winner evidence' ;;
        'import 0') kind=files ;;
        'bridge csv --category') offered='overall reliability performance honesty' ;;
        'bridge csv -c') offered='overall reliability performance honesty' ;;
        'bridge csv 0') kind=files ;;
        'observe 0') kind=names ;;
        'standing --rules') offered='default strict archive' ;;
        'standing '[0-9]*) kind=names ;;
        'propose --file') kind=files ;;
        'round close --finality') offered='over-2/3 2/3 over-1/2' ;;
        'simulate rounds --mode') offered='ours poc' ;;
        'simulate rounds --opinion') offered='lots weighted' ;;
        'simulate rounds --svg') kind=files ;;
        'simulate attack --opinion') offered='lots weighted' ;;
        'simulate market --model') offered='beta beta-filtered stars eigentrust hybrid bias fairness rev2 subjective graperank graperank-bounded meritrank appleseed tidaltrust advogato sybilrank fire antcolony antcascade random-neural eigentrust-plus' ;;
        'simulate market --trace') kind=files ;;
        'simulate market --output') kind=files ;;
        'simulate flood --output') kind=files ;;
        'simulate secrecy --opinion') offered='lots weighted' ;;
        'evaluate --protocol') offered='loo prequential fraud' ;;
        'evaluate --model') offered='beta beta-filtered stars eigentrust hybrid bias fairness rev2 subjective graperank graperank-bounded meritrank appleseed tidaltrust advogato sybilrank fire antcolony antcascade random-neural eigentrust-plus' ;;
        'evaluate --labels') kind=files ;;
        'evaluate --plot') kind=files ;;
        'evaluate 0') kind=files ;;
        'model compare --model') offered='beta beta-filtered stars eigentrust hybrid bias fairness rev2 subjective graperank graperank-bounded meritrank appleseed tidaltrust advogato sybilrank fire antcolony antcascade random-neural eigentrust-plus' ;;
        'model compare --category') offered='overall reliability performance honesty' ;;
        'model compare -c') offered='overall reliability performance honesty' ;;
        'model compare --from') kind=names ;;
        'model compare '[0-9]*) kind=names ;;
        'config get 0') offered='identity network model hops half_life_days require_known lock_wait owner role subjects seeds listen endpoints hosts allow_private bridge_file bridge_system bridge_map bridge_scale round_every propose standing_rules finality' ;;
        'config set 0') offered='identity network model hops half_life_days require_known lock_wait owner role subjects seeds listen endpoints hosts allow_private bridge_file bridge_system bridge_map bridge_scale round_every propose standing_rules finality' ;;
        'config unset 0') offered='identity network model hops half_life_days require_known lock_wait owner role subjects seeds listen endpoints hosts allow_private bridge_file bridge_system bridge_map bridge_scale round_every propose standing_rules finality' ;;
        'ledger backup 0') kind=files ;;
        'completion 0') offered='bash zsh fish' ;;
        'help '[0-9]*) offered='exit-codes environment files node json policy models keygen init id peer rate revoke undo report status score check why log show verify graph export import sync compare serve devnet topology bridge observe standing propose proposal round simulate evaluate model config doctor ledger completion capabilities help' ;;
    esac
}

# Offer the lines of standard input that begin with the word.
_trustcli_offer() {
    local line
    while IFS= read -r line; do
        [[ $line == "$word"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
    done
}

_trustcli() {
    local word='' command='' option='' place=0 plain='' joined='' home='' i
    local subs flags takes kind offered
    local -a node=()
    COMPREPLY=()
    _trustcli_command ''
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == = ]]; then
            continue # bash splits --home=DIR in three
        elif [[ $word == :* ]]; then
            joined=1 # and did:key:z6Mk at its colons
        elif [[ -n $joined ]]; then
            joined=''
        elif [[ -n $option ]]; then
            [[ $option == --home ]] && home=$word
            option=''
        elif [[ -z $plain && $word == -- ]]; then
            plain=1
        elif [[ -z $plain && $word == -?* ]]; then
            [[ " $takes " == *" $word "* ]] && option=$word
        elif [[ " $subs " == *" $word "* ]]; then
            command="${command:+$command }$word"
            _trustcli_command "$command"
        else
            place=$((place + 1))
        fi
    done
    word=${COMP_WORDS[COMP_CWORD]}
    [[ $word == = ]] && word=''
    [[ -n $joined || $word == :* ]] && return
    if [[ -n $option ]]; then
        _trustcli_value "$command $option"
    elif [[ -z $plain && $word == -* ]]; then
        offered=$flags
    elif [[ -n $subs ]]; then
        offered=$subs
    else
        _trustcli_value "$command $place"
    fi
    case $kind in
        files)
            compopt -o filenames 2>/dev/null
            while IFS= read -r i; do COMPREPLY+=("$i"); done < <(compgen -f -- "$word")
            ;;
        names)
            [[ -n $home ]] && node=(--home "${home/#\~\//$HOME/}")
            node+=(completion --names)
            _trustcli_offer < <("${COMP_WORDS[0]}" "${node[@]}" 2>/dev/null </dev/null)
            ;;
    esac
    # shellcheck disable=SC2086  # words of our own, none with a blank or a pattern
    [[ -n $offered ]] && _trustcli_offer < <(printf '%s\n' $offered)
}

complete -F _trustcli trust trustcli
