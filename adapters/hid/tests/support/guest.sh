#!/bin/sh
# Boots a guest kernel that has uhid and hidraw, and runs a test program in it as root.
# guest.sh PROGRAM TEST FOLDER [OTHER...]: prints the guest's console; the last line is "guest exit N",
# with what the program wrote to /tmp/exit behind it. OTHER programs are there by name, and copies of what
# is in the folder GUEST_FILES in /files. GUEST_OPTIONS are more words for the kernel, GUEST_QEMU for QEMU, GUEST_SECONDS is
# the longest run. GUEST_UML is a kernel for user-mode Linux that has uhid and hidraw in it: it is run instead,
# without QEMU.
set -eu
program=$1 test=$2 folder=$3
shift 3
uml=${GUEST_UML:-}
for tool in ${uml:-qemu-system-x86_64} busybox cpio strip dpkg-deb; do
    command -v "$tool" >/dev/null || {
        echo "missing $tool: packages qemu-system-x86 busybox-static cpio binutils dpkg"
        exit 1
    }
done

# The kernel is unpacked, not installed.
if [ -z "$uml" ] && [ ! -e "$folder/kernel/boot" ]; then
    kernel_package() { apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image/ { print $2 }'; }
    mkdir -p "$folder/download"
    # Package lists may be missing or out of date.
    (cd "$folder/download" && apt-get download "$(kernel_package)" >&2) || {
        apt-get update -qq >&2
        (cd "$folder/download" && apt-get download "$(kernel_package)" >&2)
    }
    package=$(kernel_package)
    dpkg-deb -x "$folder/download/$package"_*.deb "$folder/unpacked"
    rm -rf "$folder/kernel"
    mv "$folder/unpacked" "$folder/kernel"
fi

root=$folder/root
rm -rf "$root"
mkdir -p "$root/bin" "$root/modules" "$root/proc" "$root/sys" "$root/dev" "$root/tmp"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in sh mount insmod reboot cat ls; do ln -s busybox "$root/bin/$applet"; done
if [ -z "$uml" ]; then
    cp "$folder"/kernel/lib/modules/*/kernel/drivers/hid/hid.ko \
        "$folder"/kernel/lib/modules/*/kernel/drivers/hid/hid-generic.ko \
        "$folder"/kernel/lib/modules/*/kernel/drivers/hid/uhid.ko "$root/modules/"
fi
cp "$program" "$root/bin/program"
strip "$root/bin/program"
for other in "$@"; do
    cp -L "$other" "$root/bin/"
    strip "$root/bin/$(basename "$other")"
done
for each in "$program" "$@"; do
    ldd "$each" | grep -o '/[^ ]*' | while read -r library; do
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library"
    done
done
if [ -n "${GUEST_FILES:-}" ]; then cp -R "$GUEST_FILES" "$root/files"; fi
cat >"$root/init" <<EOF
#!/bin/sh
mount -t proc p /proc
mount -t sysfs s /sys
mount -t devtmpfs d /dev
for module in hid hid-generic uhid; do
    test ! -e /modules/\$module.ko || insmod /modules/\$module.ko
done
FIDO_UNLOCK_HID_GUEST=root program $test --exact --nocapture
echo "guest exit \$? \$(cat /tmp/exit 2>/dev/null)"
reboot -f
EOF
chmod +x "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$folder/initramfs.gz"

if [ -n "$uml" ]; then
    # Its processes stop and wake each other for each call; on two processors that takes four times as long.
    processor=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
    exec taskset -c "$processor" timeout "${GUEST_SECONDS:-300}" "$uml" mem=384M "initrd=$folder/initramfs.gz" con=null \
        con0=null,fd:1 quiet panic=-1 noreboot ${GUEST_OPTIONS:-} </dev/null
fi

# PVM's /dev/kvm does not run this kernel, so emulation it is; two processors are slower than one.
exec timeout "${GUEST_SECONDS:-1200}" qemu-system-x86_64 -M microvm,acpi=off -accel tcg -cpu max ${GUEST_QEMU:-} -m 384 -smp 1 -no-reboot \
    -nodefaults -no-user-config -display none -serial stdio \
    -kernel "$folder"/kernel/boot/vmlinuz-* -initrd "$folder/initramfs.gz" \
    -append "console=ttyS0 quiet panic=-1 reboot=t ${GUEST_OPTIONS:-}" </dev/null
