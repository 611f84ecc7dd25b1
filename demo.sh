#!/bin/sh
# What `make demo` runs: three people, an agent and a service, on one machine and without network.
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
    who=$1
    shift
    printf '\n%s$ trust%s\n' "$who" "$(quoted "$@")"
    TRUST_HOME=$homes/$who trust "$@" 2>&1
}

# quietly NAME WORD...: the same with one line of answer and no hints.
quietly() {
    who=$1
    shift
    printf '%s$ trust%s\n' "$who" "$(quoted "$@")"
    TRUST_HOME=$homes/$who trust --quiet "$@" >/dev/null
}

id_of() { TRUST_HOME=$homes/$1 trust id export; }

# carry FROM TO: what FROM knows travels to TO as a bundle; mail, a stick or ssh do as well as this pipe.
carry() {
    printf '\n%s$ trust export | ssh %s trust import -      (here: a pipe)\n' "$1" "$2"
    TRUST_HOME=$homes/$1 trust export | TRUST_HOME=$homes/$2 trust --quiet import -
}

title 'Alice, Bob and Carol each make a key. The words are for comparing it by voice.'
at alice keygen
at bob --quiet keygen
at carol --quiet keygen

title 'They tell one another their ids, and each gives the others names of their own.'
quietly alice peer add bob "$(id_of bob)"
quietly alice peer add carol "$(id_of carol)"
quietly bob peer add alice "$(id_of alice)"
quietly bob peer add carol "$(id_of carol)"
quietly carol peer add alice "$(id_of alice)"
quietly carol peer add bob "$(id_of bob)"

title 'They rate one another, an agent and a service. A rating is signed on the spot; nothing is sent.'
at alice rate bob 4.5 --category reliability --reason 'shipped what he said, when he said'
quietly bob rate alice 5 -c reliability
quietly bob rate carol 4.5 -c reliability -m 'her reviews find things'
quietly bob rate agent:build-bot 4.5 -c reliability --task T-17
quietly bob rate https://pkg.example 3 -c reliability
quietly carol rate bob 4 -c reliability
quietly carol rate agent:build-bot 4 -c reliability
quietly carol rate https://pkg.example 1.5 -c reliability -m 'two outages in one week' --evidence https://status.example/2026-11

title 'What they know travels in bundles. Alice has rated neither the agent nor the service.'
carry carol bob
carry bob alice

title 'Every line is verified. In this copy somebody turned 1.5 stars into 5: that line is refused, the rest is taken.'
TRUST_HOME=$homes/bob trust export --quiet | sed 's/"value":15/"value":50/' > "$homes/forged.ndjson"
at carol --quiet import "$homes/forged.ndjson" || printf '(exit %s: some lines were refused)\n' $?

title 'Scores are as seen by Alice: her own ratings, then those of people she trusts, weaker hop by hop.'
at alice score --category reliability

title 'Why? Alice trusts Bob; Bob trusts Carol; so Carol counts too, for less.'
at alice why https://pkg.example -c reliability || :

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
at alice --quiet graph --depth 3 -c reliability -o "$out/graph.html"
at alice --quiet graph --depth 3 -c reliability -o "$out/graph.svg"

title 'And every signature in her ledger, checked once more.'
at alice --quiet verify

printf '\nLook at the picture:  %s/graph.html   (and graph.svg)\n' "$out"
printf 'Try it yourself:      .venv/bin/trust keygen\n'
