#!/bin/sh
# Makes what the NATS servers and their users need to know each other: an authority of your own, one certificate for all
# servers, a password for each role. Nothing of it belongs into a repository.
#
#   ./make-secrets.sh FOLDER NAME... [-- OTHER...]
#
# NAME: a name or an IP address for each server, under which clients reach it: nats-1 nats-2 nats-3
# OTHER: further names by which servers are called, such as localhost; they stand in the certificate alone
#
# Writes into FOLDER (only you can read the keys):
#   tls/ca.pem                      whom clients trust: NATS_CA
#   tls/server.pem, tls/server.key  the servers' certificate, good for 825 days; run this again to renew it
#   passwords.conf                  the passwords, for the servers
#   gateway.env, instance.env …     for each role: NATS_URL (every NAME, port 4222), NATS_CA and NATS_INBOX_PREFIX
#   ca.key                          the authority's key: take it off the machine, and back for a renewal
# The authority, and passwords that are there, are kept.
set -eu

if [ $# -lt 2 ]; then
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
umask 077
folder=$1
shift
mkdir -p "$folder/tls"
cd "$folder"

names=
servers=$*
servers=${servers%% -- *}
for name; do
    [ "$name" != -- ] || continue
    case $name in
        *[!0-9.]*:* | *:*) names="$names,IP:$name" ;;
        *[!0-9.]*) names="$names,DNS:$name" ;;
        *) names="$names,IP:$name" ;;
    esac
done

key() {
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null
}

if [ ! -f ca.key ]; then
    key ca.key
    openssl req -x509 -new -key ca.key -days 3650 -subj "/CN=recado NATS authority" -out tls/ca.pem \
        -addext "keyUsage=critical,keyCertSign,cRLSign"
fi

key tls/server.key
openssl req -new -key tls/server.key -subj "/CN=$1" -out server.csr
cat >server.ext <<END
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=${names#,}
END
openssl x509 -req -in server.csr -CA tls/ca.pem -CAkey ca.key -CAcreateserial -days 825 -extfile server.ext \
    -out tls/server.pem 2>/dev/null
rm -f server.csr server.ext

if [ ! -f passwords.conf ]; then
    for role in ADMIN INSTANCE GATEWAY CONSUMER OPERATOR; do
        echo "${role}_PASSWORD: \"$(openssl rand -hex 24)\""
    done >passwords.conf
fi

for role in instance gateway consumer operator; do
    upper=$(echo "$role" | tr '[:lower:]' '[:upper:]')
    password=$(sed -n "s/^${upper}_PASSWORD: \"\(.*\)\"\$/\1/p" passwords.conf)
    url=
    for server in $servers; do
        url="$url,tls://$role:$password@$server:4222"
    done
    cat >"$role.env" <<END
NATS_URL=${url#,}
NATS_CA=$PWD/tls/ca.pem
NATS_INBOX_PREFIX=_INBOX.$role
END
done
chmod 644 tls/ca.pem tls/server.pem
echo "Written to $PWD: tls/, passwords.conf and an .env for each role. Take ca.key away from here."
