package dev.quoll.bindings;

import java.util.Optional;

/** What usually helps when a call fails in a certain way. */
final class Remedies {
    private Remedies() {}

    /** A sentence for the user, or empty where the error speaks for itself. */
    static Optional<String> forFailure(String call, String subject, int errno) {
        Errno error = Errno.of(errno).orElse(null);
        if (error == null) {
            return Optional.empty();
        }
        String sentence = subject.startsWith("/dev/kvm")
                ? forKvm(error)
                : subject.startsWith("/dev/net/tun") || call.startsWith("TUN") ? forTap(error) : null;
        if (sentence == null) {
            sentence = switch (error) {
                case EACCES, EPERM -> call.equals("mmap") || call.equals("mprotect")
                        ? "A security policy (SELinux, or a container's seccomp profile) forbids this kind of mapping."
                        : call.equals("open") ? "Check the owner and mode of the file with: ls -l " + subject : null;
                case EMFILE -> "Raise the limit of open files for this process: ulimit -n";
                case ENFILE -> "Raise the system's limit of open files: sysctl fs.file-max";
                case ENOMEM -> call.equals("mmap")
                        ? "Give the machine less memory, or allow more: ulimit -v, and sysctl vm.overcommit_memory."
                        : null;
                case ENOTTY -> call.startsWith("tc") ? "Run it in a terminal, without redirecting its input." : null;
                default -> null;
            };
        }
        return Optional.ofNullable(sentence);
    }

    private static String forTap(Errno error) {
        return switch (error) {
            case EACCES, EPERM -> "Make the interface for yourself once, as root (ip tuntap add dev tap0 mode tap user $USER; ip link set"
                    + " tap0 up), or use --net user, which needs no permission.";
            case ENOENT, ENODEV, ENXIO -> "Load the kernel's module (sudo modprobe tun); in a container, pass /dev/net/tun through.";
            case EBUSY -> "Another program has it open.";
            default -> null;
        };
    }

    private static String forKvm(Errno error) {
        return switch (error) {
            case EACCES, EPERM -> "Add yourself to the group kvm and log in again: sudo usermod -aG kvm $USER";
            case ENOENT -> "Load the kernel's KVM module (sudo modprobe kvm_intel, or kvm_amd) and, in a virtual"
                    + " machine, turn on nested virtualization; in a container, pass the device through.";
            case ENODEV, ENXIO -> "Turn on virtualization (VT-x or AMD-V) in the firmware set-up.";
            case EBUSY -> "Another hypervisor holds the processor's virtualization; stop it.";
            default -> null;
        };
    }
}
