#!/bin/bash
# A node of a Slurm cluster, as process 1 of namespaces of its own: slurm_node.sh FOLDER NAME
set -o errexit -o nounset
folder=$1 name=$2
hostname "$name"
mount --bind "$folder/hosts" /etc/hosts
mount -t tmpfs tmpfs /run
mkdir /run/munge /run/ray
ip link set lo up
munged --force --foreground --key-file "$folder/munge.key" --log-file "$folder/munged-$name.log" \
    --pid-file /run/munged.pid --seed-file "/run/munged.seed" 2> /dev/null &
until [ -S /run/munge/munge.socket.2 ]; do sleep 0.1; done
if [ "$name" = node1 ]; then slurmctld -D -i &> "$folder/slurmctld.log" & fi
slurmd -D -N "$name" &> "$folder/slurmd-$name.log" &
wait    # and reap the processes whose parents have ended
