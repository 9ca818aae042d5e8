# What one process sees and may do. Its name is guest; each line is a fact.
# usage: guest probe.sh yes|no, for a new /proc or not
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
echo "start=ran"
if [ "$1" = yes ]; then
    if said=$(mount -t proc proc /proc 2>&1); then echo "remount=done"; else echo "remount=refused"; fi
else
    echo "remount=not asked"
fi
if [ $$ -eq 1 ]; then echo "pid=1"; else echo "pid=more"; fi
names=""
for file in /proc/[0-9]*/comm; do
    read -r name < "$file" 2>/dev/null || name=""
    case "$name" in oven | radio | guest) names="$names $name" ;; esac
done
echo "list=$(echo $names | tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/ $//')"
if said=$(kill -0 "$OVEN" 2>&1); then echo "signal=allowed"; else echo "signal=${said##*: }"; fi
if hostname cabin 2>/dev/null; then echo "rename=done"; else echo "rename=refused"; fi
echo "name=$(hostname)"
echo "cards=$(ip -o link | cut -d: -f2 | cut -d@ -f1 | tr -d ' ' | sort | tr '\n' ' ' | sed 's/ $//')"
echo "sys=$(ls /sys/class/net | tr '\n' ' ' | sed 's/ $//')"
if mount -t tmpfs tmpfs /mnt/guest 2>/dev/null; then echo "mount=done"; else echo "mount=refused"; fi
echo "uid=$(id -u)"
: > /run/table/plate
if read -r line 2>/dev/null < /run/secret; then echo "secret=read"; else echo "secret=refused"; fi
echo "queues=$(ipcs -q | grep -c '^0x')"
echo "group=$(sed -n 's/^0:://p' /proc/self/cgroup)"
exit 0
