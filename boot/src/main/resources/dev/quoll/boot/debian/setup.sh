# Runs within the new system once its packages are there. Set before it: HOST, ROOT_ID (UUID of the root file system), ESP_ID,
# LOGIN, PASSWORD, PASSWORD_LOGIN (yes or no: by ssh), SSH_KEY (may be empty).
set -eu

echo "$HOST" > /etc/hostname
printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n::1\tlocalhost ip6-localhost ip6-loopback\n' "$HOST" > /etc/hosts
printf 'UUID=%s / ext4 errors=remount-ro 0 1\n' "$ROOT_ID" > /etc/fstab
# Empty: every machine made from this image gets an id of its own at its first start, without the questions of a first boot.
: > /etc/machine-id

# Without it every login by ssh is an error in the log (pam_env).
echo LANG=C.UTF-8 > /etc/default/locale

mkdir -p /etc/systemd/network
cat > /etc/systemd/network/20-dhcp.network <<'EOF'
[Match]
Type=ether

[Network]
DHCP=yes
EOF
systemctl enable systemd-networkd.service systemd-resolved.service > /dev/null 2>&1
# Nothing here needs to wait for the network, and a machine without one would wait in vain.
systemctl disable systemd-networkd-wait-online.service > /dev/null 2>&1
# Downloads and clean-ups by the clock: a machine that runs for minutes spends them on these.
systemctl mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer > /dev/null 2>&1

# An emulated CPU on a busy host is slow, and nothing of that is a failure.
mkdir -p /etc/systemd/system.conf.d
printf '[Manager]\nDefaultTimeoutStartSec=15min\nDefaultTimeoutStopSec=5min\nDefaultDeviceTimeoutSec=15min\n' \
    > /etc/systemd/system.conf.d/quoll.conf

useradd --create-home --shell /bin/bash --groups sudo "$LOGIN"
printf '%s:%s\n' "$LOGIN" "$PASSWORD" | chpasswd
mkdir -p /etc/sudoers.d
printf '%s ALL=(ALL) NOPASSWD: ALL\n' "$LOGIN" > /etc/sudoers.d/quoll
chmod 0440 /etc/sudoers.d/quoll
if [ -n "$SSH_KEY" ]; then
    install -d -m 0700 -o "$LOGIN" -g "$LOGIN" "/home/$LOGIN/.ssh"
    printf '%s\n' "$SSH_KEY" > "/home/$LOGIN/.ssh/authorized_keys"
    chown "$LOGIN:$LOGIN" "/home/$LOGIN/.ssh/authorized_keys"
    chmod 0600 "/home/$LOGIN/.ssh/authorized_keys"
fi
mkdir -p /etc/ssh/sshd_config.d
printf 'PermitRootLogin no\nPasswordAuthentication %s\n' "$PASSWORD_LOGIN" > /etc/ssh/sshd_config.d/quoll.conf

# The boot loader for firmware, which finds the kernel by the links that Debian keeps in the root folder.
mkdir -p /boot/grub/quoll
cat > /boot/grub/grub.cfg <<EOF
serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
set timeout=2
menuentry 'Debian GNU/Linux' {
    linux /vmlinuz root=UUID=$ROOT_ID ro console=tty0 console=ttyS0,115200
    initrd /initrd.img
}
EOF
modules='part_gpt ext2 fat normal configfile linux echo ls cat search search_fs_uuid serial terminal reboot halt gzio'
printf 'search.fs_uuid %s root\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n' "$ROOT_ID" > /boot/grub/quoll/early.cfg
grub-mkimage -O i386-pc -o /boot/grub/quoll/core.img -p /boot/grub -c /boot/grub/quoll/early.cfg biosdisk $modules
cp /usr/lib/grub/i386-pc/boot.img /boot/grub/quoll/boot.img
grub-mkimage -O x86_64-efi -o /boot/grub/quoll/bootx64.efi -p /boot/grub -c /boot/grub/quoll/early.cfg efi_gop $modules
apt-get clean
