package dev.quoll.boot.debian;

import dev.quoll.boot.kit.KernelFlavour;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a Debian disk is to be.
 *
 * @param suite {@code bookworm}, {@code trixie}, or another that there is
 * @param size of the disk, in bytes
 * @param hostName what the system calls itself
 * @param login the user who is made, with the right to do all by sudo
 * @param password of that user; without one it is the user's name, and good at the console only, not by ssh
 * @param sshKey a public key that the user may come in with by ssh
 * @param packages to install beside those of the base system
 * @param kernel one of Debian's kernels that is not an installer's
 * @param mirror where packages come from; without one, wherever mmdebstrap takes them from
 */
public record DebianPlan(
        String suite,
        long size,
        String hostName,
        String login,
        Optional<String> password,
        Optional<String> sshKey,
        List<String> packages,
        KernelFlavour kernel,
        Optional<String> mirror) {
    /** In bytes: what a base system takes up, with some room to work in. */
    public static final long LEAST_SIZE = 2L << 30;

    private static final long MOST_SIZE = 16L << 40;
    private static final List<String> BASE = List.of(
            "ca-certificates", "curl", "dbus", "e2fsprogs", "fdisk", "grub-efi-amd64-bin", "grub-pc-bin", "grub2-common", "init",
            "initramfs-tools", "iproute2", "iputils-ping", "kmod", "less", "libpam-systemd", "openssh-server", "procps", "sudo",
            "systemd-resolved", "udev", "zstd");

    /** {@link IllegalArgumentException} with a sentence says what is not possible. */
    public DebianPlan {
        packages = List.copyOf(packages);
        require(suite.matches("[a-z][a-z0-9-]{1,30}"), "'%s' is not the name of a Debian suite, such as bookworm".formatted(suite));
        require(size >= LEAST_SIZE && size <= MOST_SIZE && size % (1 << 20) == 0,
                "a Debian disk has at least 2G, in whole MiB");
        require(hostName.matches("[a-zA-Z0-9][a-zA-Z0-9-]{0,62}"), "'%s' is not a host name".formatted(hostName));
        require(login.matches("[a-z_][a-z0-9_-]{0,30}") && !login.equals("root"), "'%s' is not the name of an ordinary user".formatted(login));
        require(password.map(p -> p.matches("[^\\p{Cntrl}]{1,200}")).orElse(true), "a password is one line");
        require(sshKey.map(k -> k.matches("[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\\p{Cntrl}]*)?")).orElse(true),
                "an ssh key is the one line of a public key's file, such as ~/.ssh/id_ed25519.pub");
        for (String name : packages) {
            require(name.matches("[a-z0-9][a-z0-9+.-]+"), "'%s' is not the name of a Debian package".formatted(name));
        }
        require(kernel == KernelFlavour.CLOUD || kernel == KernelFlavour.AMD64 || kernel == KernelFlavour.RT,
                "a Debian disk takes the kernel cloud, amd64 or rt");
        require(mirror.map(m -> m.matches("[a-z+]+:[^\\s'\"]+")).orElse(true), "a mirror is an address");
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    List<String> allPackages() {
        List<String> all = new ArrayList<>(BASE);
        all.add(kernel.packageName());
        all.addAll(packages);
        return all;
    }
}
