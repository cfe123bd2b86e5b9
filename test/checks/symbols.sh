#!/usr/bin/env bash
# What the shared library asks of others and shows to them. It ends no process, sets no handler and prints nothing, so it
# refers to nothing that does; and it shows what the public headers declare, and no more. Usage: symbols.sh
# BUILD_DIRECTORY (built).
set -euo pipefail
library=$1/lib/libholdfast.so
failed=0
complain() {
  echo "$library $1:"
  printf '%s\n' "$2" | sed 's/^/  /'
  failed=1
}

# The standard library's templates bring abort() and std::terminate() for what cannot happen; that we name neither is looked
# for in the sources.
forbidden='exit|_exit|_Exit|quick_exit|atexit|at_quick_exit|on_exit|pthread_atfork|__register_atfork
signal|bsd_signal|__sysv_signal|sigaction|sigset|raise|kill|alarm|setitimer
printf|vprintf|fprintf|vfprintf|dprintf|vdprintf|__v?f?d?printf_chk|puts|fputs|putchar|putc|fputc|fwrite|perror|psignal
stdout|stderr|_ZSt4cout|_ZSt4cerr|_ZSt4clog|syslog|vsyslog|__v?syslog_chk
_ZSt13set_terminate.*|_ZSt15set_new_handler.*|setlocale|setenv|putenv|unsetenv|srand|umask|chdir'
found=$(nm --dynamic --undefined-only "$library" | awk '{ sub(/@.*/, "", $2); print $2 }' | grep -xE "$(paste -sd'|' <<<"$forbidden")" || true)
[ -z "$found" ] || complain "refers to what changes or ends the process" "$found"
found=$(grep -nE '\b(abort|terminate|set_terminate|set_new_handler)\(' -r "$(dirname "$0")/../../lib" --include='*.[ch]pp' || true)
[ -z "$found" ] || complain "is made of" "$found"

shown=$(nm --dynamic --defined-only --demangle "$library" | cut -c18- | sed 's/@@.*//')
# An inner name at the beginning: parameters of a public function's may have one.
found=$(grep -vE '^[A-Za-z] (HOLDFAST_|(typeinfo |typeinfo name |vtable )(for )?holdfast::[A-Z]|holdfast::([A-Z]|[a-z0-9_]+(\[|\()))' <<<"$shown" || true)
[ -z "$found" ] || complain "shows what no public header has" "$found"
for function in Client::publish error_category is_valid_topic_filter is_valid_topic_name make_error_code memory_store \
  purge_store scram_sha_256 sqlite_store to_string topic_matches; do
  grep -q "holdfast::${function}[[(]" <<<"$shown" || complain "does not show" "holdfast::$function"
done
[ $failed != 0 ] || echo "$(wc -l <<<"$shown") symbols are shown, all of them of the public headers"
exit $failed
