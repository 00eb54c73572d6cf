#!/bin/sh
# The story of a platform, as an operator types it: from its founding to a revoked token.
#
#     examples/story.sh path/to/bailiwick
set -eu

command=${1:-bailiwick}
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
export BAILIWICK_STORE="$directory/platform.db"

bailiwick() {
    "$command" "$@"
}

# Shows a command, then runs it.
tell() {
    printf '\n$ bailiwick'
    for word in "$@"; do
        case $word in
            *[!A-Za-z0-9_.,:/=@-]*) printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    bailiwick "$@"
}

# The same where a deny is what is to be seen.
tell_denied() {
    if tell "$@"; then
        echo "story: this should have been denied" >&2
        exit 1
    fi
}

member() {
    sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

echo '# olga founds a platform; dana develops apps, ana is the admin of a customer.'
tell init --policies policies/construction --operator olga
tell tenant add devco --admin dana
tell tenant add acme --admin ana --role company-admin
tell project add p1 --tenant acme --name 'Harbour bridge' --as ana

echo
echo '# dana registers an app, and ana installs it in one project.'
tell app register dashboards --tenant devco --scopes rfis:read,drawings:read \
    --redirect-uri https://dashboards.example.com/callback --as dana
tell_denied install dashboards --tenant acme --project p1 --as dana
tell install dashboards --tenant acme --project p1 --as ana
tell install list --tenant acme --as ana

echo
echo '# ana creates a service account and says what it may do. Its secret is shown once; here it goes into a variable.'
printf '\n$ bailiwick account create "ERP sync" --tenant acme --project p1 --as ana --json\n'
created=$(bailiwick account create 'ERP sync' --tenant acme --project p1 --as ana --json)
id=$(printf '%s' "$created" | member client_id)
secret=$(printf '%s' "$created" | member client_secret)
printf '{"client_id":"%s","client_secret":"bws_…"}\n' "$id"
tell role assign rfis-standard --account "$id" --project p1 --as ana

echo
echo '# The account gets a token and uses it.'
printf '\n$ bailiwick token issue --client-id %s --client-secret-stdin --scope rfis:read\n' "$id"
token=$(printf '%s' "$secret" | bailiwick token issue --client-id "$id" --client-secret-stdin --scope rfis:read)
printf '%.40s…\n' "$token"
printf '%s' "$token" | tell decide --token-stdin --tenant acme rfis.view 'Rfi::"42"'
printf '%s' "$token" | tell_denied decide --token-stdin --tenant acme rfis.close 'Rfi::"42"'

echo
echo '# ana revokes it: the very next decision denies.'
printf '%s' "$token" | tell token revoke --token-stdin --as ana
printf '%s' "$token" | tell_denied decide --token-stdin --tenant acme rfis.view 'Rfi::"42"'

echo
echo '# What was used, and who changed what.'
tell usage --tenant acme --as ana
tell audit --tenant acme --as ana
