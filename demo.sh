#!/bin/sh
# What `make demo` runs: three people, an agent and a service on one machine; then a network of four nodes.
# Every command is shown as it is run. Homes are thrown away at the end; the picture stays in demo-out/.
set -eu

out=${1:-demo-out}
homes=$(mktemp -d)
trap 'rm -rf "$homes"' EXIT
trap 'exit 130' INT TERM
rm -rf "$out"
mkdir -p "$out"

title() { printf '\n── %s\n' "$*"; }

quoted() {
    for word; do
        case $word in
            *[!A-Za-z0-9._:/=@%+,-]*) printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
}

# at NAME WORD...: show a `trust` command, then run it as NAME, in NAME's own home.
at() {
    printf '\n'
    briefly "$@"
}

briefly() {
    who=$1
    shift
    printf '%s$ trust%s\n' "$who" "$(quoted "$@")"
    TRUST_HOME=$homes/$who trust "$@" </dev/null 2>&1
}

id_of() { TRUST_HOME=$homes/$1 trust id export; }

# named WHO PEER: WHO calls PEER by that name.
named() { briefly "$1" peer add "$2" "$(id_of "$2")" -q | sed '/^peer/d'; }

# carry FROM TO: what FROM knows travels to TO as a bundle; mail, a stick or ssh would do as well as a pipe.
carry() {
    printf '\n%s$ trust export  |  %s$ trust import -\n' "$1" "$2"
    TRUST_HOME=$homes/$1 trust export | TRUST_HOME=$homes/$2 trust --quiet import -
}

title 'Alice, Bob and Carol each make a key. The words are for comparing it by voice.'
at alice keygen --no-passphrase
at bob keygen --no-passphrase -q
at carol keygen --no-passphrase -q

title 'They tell one another their ids, and each gives the others names of their own.'
named alice bob
named alice carol
named bob alice
named bob carol
named carol alice
named carol bob

title 'They rate one another, an agent and a service. A rating is signed on the spot; nothing is sent.'
at alice rate bob 4.5 --category reliability --reason 'shipped what he said, when he said'
briefly bob rate alice 5 -c reliability -q
briefly bob rate carol 4.5 -c reliability -m 'her reviews find things' -q
briefly bob rate agent:build-bot 4.5 -c reliability --task T-17 -q
briefly bob rate https://pkg.example 3 -c reliability -q
briefly carol rate bob 4 -c reliability -q
briefly carol rate agent:build-bot 4 -c reliability -q
briefly carol rate https://pkg.example 1.5 -c reliability -m 'two outages in one week' --evidence https://status.example/2026-11 -q

title 'What they know travels in bundles. Alice has rated neither the agent nor the service.'
carry carol bob
carry bob alice

title 'Every line is verified. In this copy somebody turned 1.5 stars into 5: that line is refused, the rest is taken.'
TRUST_HOME=$homes/bob trust export --quiet | sed 's/"value":15/"value":50/' > "$homes/forged.ndjson"
at carol import "$homes/forged.ndjson" -q || printf '(exit %s: some lines were refused)\n' $?

title 'Scores are as seen by Alice: her own ratings, then those of people she trusts, weaker hop by hop.'
at alice score --category reliability

title 'Why? Alice trusts Bob; Bob trusts Carol; so Carol counts too, for less.'
at alice why https://pkg.example -c reliability

title 'A script asks before it acts, and acts on the exit code.'
cat > "$homes/deploy.sh" <<'SCRIPT'
trust check "$1" --min 4 --raters 2 --category reliability --quiet
case $? in
    0) echo "    → deploying with $1" ;;
    1) echo "    → stop: $1 is not good enough" ;;
    3) echo "    → asking a person: too little is known of $1" ;;
    *) echo "    → trouble, not a verdict: paging somebody" ;;
esac
SCRIPT
sed 's/^/    /' "$homes/deploy.sh"
for subject in agent:build-bot https://pkg.example agent:new-bot; do
    printf '\nalice$ sh deploy.sh %s\n' "$subject"
    TRUST_HOME=$homes/alice sh "$homes/deploy.sh" "$subject"
done

title 'The picture: who rates whom around Alice. It opens in a browser without network.'
at alice graph --depth 3 -c reliability -o "$out/graph.html" -q
at alice graph --depth 3 -c reliability -o "$out/graph.svg" -q

title 'And every signature in her ledger, checked once more.'
at alice verify -q

title 'Now as nodes: four real processes, each with a home of its own, that rate one another and gossip until they agree.'
printf '\n$ trust devnet --nodes 4 --for 3s --keep %s/net --picture %s/network.html\n' "$out" "$out"
TRUST_HOME=$homes/lab trust devnet --nodes 4 --for 3s --keep "$out/net" --picture "$out/network.html" 2>&1

title 'Each of them is an ordinary home. What node 2 saw of the others:'
printf '\n$ trust --home %s/net/node-2 status\n' "$out"
trust --home "$out/net/node-2" status -q

printf '\nLook at the pictures:  %s/graph.html, %s/network.html\n' "$out" "$out"
printf 'Try it yourself:      .venv/bin/trust keygen\n'
