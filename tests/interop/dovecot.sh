#!/bin/bash
# A Dovecot of its own for tests, on loopback and free high ports, everything below one folder.
#
#   dovecot.sh start FOLDER     starts it and prints what it is as KEY=VALUE lines
#   dovecot.sh stop FOLDER      stops it; the folder stays
#
# HOST             where it listens: IMAP_PORT and SUBMISSION_PORT with STARTTLS, IMAPS_PORT, LMTP_PORT
# FAR_HOST         the same server as if from another machine: no login before STARTTLS
# RELAY_PORT       where it sends what was submitted; a server there is for the test to start, before anybody logs in
# CA_FILE          the authority of its certificate, which is for localhost, HOST and FAR_HOST
# USER1, PASSWORD1, USER2, PASSWORD2         who may log in; LMTP takes their mail @example.test
# USER1_CERTIFICATE, USER1_KEY               by which USER1 logs in with EXTERNAL
# USER1_TOKEN, USER1_EXPIRED_TOKEN           of OAuth 2
# MAIL             USER/Maildir of each user is below it
#
# All mechanisms and all extensions of IMAP that it has are on. Needs Dovecot 2.3 (Debian packages: dovecot-core
# dovecot-imapd dovecot-lmtpd dovecot-submissiond) and openssl. Run as root, it drops to the user `dovecot`; any other
# user will do as well.
set -euo pipefail
PATH=$PATH:/usr/sbin
. "$(dirname "$0")/common.sh"
command=${1:-}
folder=${2:-}
if [ -z "$folder" ]; then
  sed -n '2,19s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# token USER SECONDS: a JSON Web Token that is good for so long.
token() {
  local now content
  now=$(date +%s)
  content=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url)
  content+=.$(printf '{"sub":"%s","iat":%d,"exp":%d}' "$1" $((now - 7200)) $((now + $2)) | base64url)
  printf '%s.%s' "$content" "$(printf %s "$content" | openssl dgst -sha256 -hmac a-key-of-tests -binary | base64url)"
}

# configure FIRST_PORT USER GROUP
configure() {
  cat >"$folder/dovecot.conf" <<END
base_dir = $folder/run
state_dir = $folder/state
log_path = $folder/dovecot.log
protocols = imap lmtp submission
listen = 127.0.0.1, 127.0.0.2
default_internal_user = $2
default_internal_group = $3
default_login_user = $2
default_process_limit = 50
default_client_limit = 200
first_valid_uid = 1

ssl = yes
ssl_cert = <$folder/server.pem
ssl_key = <$folder/server.key
ssl_ca = <$folder/ca.pem
ssl_require_crl = no
ssl_verify_client_cert = yes
ssl_cert_username_field = commonName

auth_mechanisms = plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer external
auth_ssl_username_from_cert = yes
auth_username_format = %Ln
auth_failure_delay = 0
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $folder/oauth2.conf
}
passdb {
  driver = passwd-file
  mechanisms = external
  args = $folder/users_by_certificate
}
passdb {
  driver = passwd-file
  mechanisms = plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256
  args = $folder/users
}
userdb {
  driver = passwd-file
  args = $folder/users
}

mail_location = maildir:~/Maildir
mail_fsync = never
mail_plugins = quota zlib acl
mail_attribute_dict = file:%h/attributes
mailbox_list_index = yes
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    auto = subscribe
    special_use = \\Drafts
  }
  mailbox Sent {
    auto = subscribe
    special_use = \\Sent
  }
  mailbox Trash {
    auto = subscribe
    special_use = \\Trash
  }
  mailbox Junk {
    auto = create
    special_use = \\Junk
  }
  mailbox Archive {
    auto = create
    special_use = \\Archive
  }
}
plugin {
  acl = vfile
  quota = count:User quota
  quota_rule = *:storage=50M
  quota_vsizes = yes
}
protocol imap {
  mail_plugins = \$mail_plugins imap_quota imap_zlib imap_acl
  imap_metadata = yes
  imap_idle_notify_interval = 10 secs
  mail_max_userip_connections = 50
}
recipient_delimiter = +
hostname = mail.example.test
submission_relay_host = 127.0.0.1
submission_relay_port = $(($1 + 4))
submission_relay_ssl = no
submission_relay_trusted = yes

service imap-login {
  chroot =
  inet_listener imap {
    port = $1
  }
  inet_listener imaps {
    port = $(($1 + 1))
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $(($1 + 2))
  }
}
service submission-login {
  chroot =
  inet_listener submission {
    port = $(($1 + 3))
  }
}
service anvil {
  chroot =
  # Or each login that fails makes the next one of that address slower.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
END
}

start() {
  local port user group
  local password1=wonderland password2
  password2=$(printf 'b"u\\i ld\303\251r')
  local as_user=()
  user=$(id -un)
  if [ "$user" = root ]; then
    user=dovecot
    as_user=(setpriv --reuid=dovecot --regid=dovecot --clear-groups)
  fi
  group=$(id -gn "$user")
  mkdir -p "$folder"/{run,state,mail,keys/default/HS256}
  make_authority
  sign server localhost "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:127.0.0.2"
  sign alice alice "extendedKeyUsage=clientAuth"
  printf 'a-key-of-tests' | openssl base64 -A >"$folder/keys/default/HS256/default"
  printf '%s:{PLAIN}%s:%s:%s::%s::\n' \
    alice "$password1" "$(id -u "$user")" "$(id -g "$user")" "$folder/mail/alice" \
    bob "$password2" "$(id -u "$user")" "$(id -g "$user")" "$folder/mail/bob" >"$folder/users"
  echo 'alice:::::::nopassword=y' >"$folder/users_by_certificate"
  cat >"$folder/oauth2.conf" <<END
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=$folder/keys/
username_attribute = sub
END
  chmod 755 "$folder"
  [ "$(id -u)" != 0 ] || chown -R "$user:$group" "$folder"
  # Somebody else may take a port that was free a moment ago.
  for attempt in 1 2 3 4 5; do
    port=$(free_ports 5)
    configure "$port" "$user" "$group"
    ! "${as_user[@]}" dovecot -c "$folder/dovecot.conf" || break
    [ "$attempt" -lt 5 ] || exit 1
  done
  for _ in $(seq 100); do
    if greets "$port" OK && greets $((port + 2)) 220; then break; fi
    sleep 0.1
  done
  cat <<END
HOST=127.0.0.1
FAR_HOST=127.0.0.2
IMAP_PORT=$port
IMAPS_PORT=$((port + 1))
LMTP_PORT=$((port + 2))
SUBMISSION_PORT=$((port + 3))
RELAY_PORT=$((port + 4))
CA_FILE=$folder/ca.pem
USER1=alice
PASSWORD1=$password1
USER2=bob
PASSWORD2=$password2
USER1_CERTIFICATE=$folder/alice.pem
USER1_KEY=$folder/alice.key
USER1_TOKEN=$(token alice 86400)
USER1_EXPIRED_TOKEN=$(token alice -3600)
MAIL=$folder/mail
END
}

case $command in
  start) start ;;
  stop) end_process "$folder/run/master.pid" ;;
  *) exit 2 ;;
esac
