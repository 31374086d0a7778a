# shellcheck shell=bash disable=SC2154
# What the scripts share that start servers for tests. They are given `start FOLDER` or `stop FOLDER`, and set $folder.

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# greets PORT TEXT: who listens there says so, in the first line.
greets() { (exec 3<>"/dev/tcp/127.0.0.1/$1" && read -rt 5 line <&3 && [[ $line == *"$2"* ]]) 2>/dev/null; }

# free_ports COUNT: the first of so many ports in a row that nobody listens at.
free_ports() {
  local first i
  while :; do
    first=$((20000 + RANDOM % 10000))
    for ((i = 0; i < $1; i++)); do answers $((first + i)) && continue 2; done
    echo "$first"
    return
  done
}

# make_authority: ca.key and ca.pem.
make_authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=test CA" \
    -keyout "$folder/ca.key" -out "$folder/ca.pem" 2>/dev/null
}

# sign NAME COMMON_NAME EXTENSIONS: NAME.key and NAME.pem, of the authority.
sign() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
    -keyout "$folder/$1.key" -out "$folder/$1.csr" 2>/dev/null
  openssl x509 -req -in "$folder/$1.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial -days 2 \
    -extfile <(printf '%s\n' "$3") -out "$folder/$1.pem" 2>/dev/null
}

# end_process FILE: ends the process whose number is in that file, and waits for it; if there is none, all is well.
end_process() {
  local pid
  pid=$(tr -d ' ' <"$1" 2>/dev/null) || return 0
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
}
