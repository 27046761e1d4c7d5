package dev.quoll.kvm;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.machine.Engine.Obstacle;
import java.util.List;
import java.util.stream.Collectors;

/** Why KVM cannot run guests on this host, or only slowly; {@link KvmProbe} finds out which. */
public sealed interface KvmObstacle extends Obstacle {
    /** KVM is part of Linux, and guests here are x86-64. */
    record WrongHost(String system, String architecture) implements KvmObstacle {
        @Override
        public String reason() {
            return "x86-64 guests need KVM on Linux on x86-64, and this host is %s on %s".formatted(system, architecture);
        }

        @Override
        public String fix() {
            return "The emulator works here.";
        }
    }

    /** This process may not make native calls. @param why a sentence, with its stop */
    record NoNativeAccess(String why) implements KvmObstacle {
        @Override
        public String reason() {
            return "KVM is reached by native calls: " + why;
        }

        @Override
        public String fix() {
            return "The emulator works without them.";
        }
    }

    /** The device node is not there, or nothing is behind it. */
    record NoDevice(NativeException failure) implements KvmObstacle {
        @Override
        public String reason() {
            return notOpened(failure);
        }

        @Override
        public String fix() {
            return remedy(failure);
        }
    }

    /** The device is there and this user may not open it. */
    record NoPermission(NativeException failure) implements KvmObstacle {
        @Override
        public String reason() {
            return notOpened(failure);
        }

        @Override
        public String fix() {
            return remedy(failure);
        }
    }

    /** The device opens, but what it says is no version of KVM's interface, or an old one. */
    record OtherInterface(String device, int version) implements KvmObstacle {
        @Override
        public String reason() {
            return "%s speaks version %d of the KVM interface, not %d".formatted(device, version, kvm_h.KVM_API_VERSION());
        }

        @Override
        public String fix() {
            return "Use a kernel of Linux 2.6.22 or later.";
        }
    }

    /** What opened is another device, or a plain file. */
    record NotKvm(NativeException failure) implements KvmObstacle {
        @Override
        public String reason() {
            return failed(failure);
        }

        @Override
        public String fix() {
            return "Check that the path names the KVM device.";
        }
    }

    /** The kernel is too old for what must be there. */
    record MissingCapabilities(List<Capability> missing) implements KvmObstacle {
        public MissingCapabilities {
            missing = List.copyOf(missing);
        }

        @Override
        public String reason() {
            return missing.stream()
                    .map(capability -> "KVM_CAP_%s (%s)".formatted(capability, capability.use()))
                    .collect(Collectors.joining(", ", "the host's KVM lacks ", ""));
        }

        @Override
        public String fix() {
            return "Use a newer kernel on the host: Linux 5.10 has all that must be there.";
        }
    }

    /** It works, but kernel code is interpreted: no hardware virtualization is under it. */
    record SoftwareOnly(KvmProbe.LoopTimes times) implements KvmObstacle {
        @Override
        public String reason() {
            return times.figure() + ": this KVM interprets, without hardware virtualization under it";
        }

        @Override
        public String fix() {
            return "The emulator is faster here; for KVM, use a host with VT-x or AMD-V, or turn on nested virtualization under it.";
        }
    }

    /** Something else went wrong. */
    record Broken(String reason, String fix) implements KvmObstacle {
        /** With the kernel's log for all help. @param reason one sentence without its stop */
        Broken(String reason) {
            this(reason, "Look for KVM's messages in the host's log: journalctl -k");
        }

        private static Broken of(String reason, NativeException failure) {
            return failure.remedy().map(fix -> new Broken(reason, fix)).orElseGet(() -> new Broken(reason));
        }
    }

    /** The kind of a call's failure. */
    static KvmObstacle of(NativeException failure) {
        if (failure.is(Errno.ENOTTY)) {
            return new NotKvm(failure);
        }
        if (!failure.call().equals("open")) {
            return Broken.of(failed(failure), failure);
        }
        return switch (Errno.of(failure.errno()).orElse(null)) {
            case EACCES, EPERM -> new NoPermission(failure);
            case ENOENT, ENODEV, ENXIO, ENOTDIR -> new NoDevice(failure);
            case null, default -> Broken.of(notOpened(failure), failure);
        };
    }

    private static String error(NativeException failure) {
        return Errno.of(failure.errno()).map(Errno::meaning).orElse("error " + failure.errno());
    }

    private static String notOpened(NativeException failure) {
        return "%s cannot be opened: %s".formatted(failure.subject(), error(failure));
    }

    private static String failed(NativeException failure) {
        return "%s on %s failed: %s".formatted(failure.call(), failure.subject(), error(failure));
    }

    private static String remedy(NativeException failure) {
        return failure.remedy().orElse("Check that the path names the KVM device.");
    }
}
