package dev.quoll.kvm;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.NativeUnavailableException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.machine.Engine.Probe;
import dev.quoll.machine.Engine.SpeedClass;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a host's KVM can do. It opens the device, asks for its version and capabilities, and runs a short guest: some KVMs
 * open and answer like any other but interpret kernel code in the host's kernel, a thousand times slower than a processor
 * with virtualization, and only a measurement tells them apart.
 *
 * <p>A probe keeps nothing open and may be made from any platform thread. It takes some milliseconds, on a KVM that
 * interprets some hundred.
 */
public final class KvmProbe {
    /** Where Linux has KVM. */
    public static final String DEVICE = "/dev/kvm";

    /**
     * What was found.
     *
     * @param verdict whether guests could run on it, and how fast
     * @param missing capabilities that the kernel does not have, in their order; all where the device does not open
     * @param loop what the guest's loop took, where one was run to its end
     */
    public record Findings(Probe verdict, List<Capability> missing, Optional<LoopTimes> loop) {
        public Findings {
            missing = List.copyOf(missing);
        }
    }

    /**
     * The times of one loop of integer instructions, the shortest of several tries.
     *
     * @param guestNanos in a guest, in 64-bit mode at privilege level 0, entry and exit included
     * @param nativeNanos called as a function of this process
     */
    public record LoopTimes(long guestNanos, long nativeNanos) {
        /**
         * Between the two kinds of KVM: hardware runs guest code at native speed, and entry and exit cost no more than the
         * loop, or a few times as much under another hypervisor; an interpreter takes hundreds of times as long.
         */
        private static final double INTERPRETED = 25;

        /** How many times the native time the guest takes. */
        public double ratio() {
            return (double) guestNanos / Math.max(1, nativeNanos);
        }

        SpeedClass speed() {
            return ratio() < INTERPRETED ? SpeedClass.HARDWARE : SpeedClass.CRAWLING;
        }
    }

    private final String device;

    private KvmProbe(String device) {
        this.device = device;
    }

    /** Probes {@link #DEVICE}. Never throws. */
    public static Findings run() {
        return run(DEVICE);
    }

    /** Probes the KVM behind another path; never throws. */
    public static Findings run(String device) {
        return new KvmProbe(device).probe();
    }

    private Findings probe() {
        EnumSet<Capability> missing = EnumSet.allOf(Capability.class);
        try (FileDescriptor kvm = FileDescriptor.open(device, linux_h.O_RDWR())) {
            int version = kvm.ioctl("KVM_GET_API_VERSION", kvm_h.KVM_GET_API_VERSION(), 0);
            if (version != kvm_h.KVM_API_VERSION()) {
                return unusable(
                        "%s speaks version %d of the KVM interface, not %d".formatted(device, version, kvm_h.KVM_API_VERSION()),
                        "Use a kernel of Linux 2.6.22 or later.",
                        missing);
            }
            missing.removeIf(capability -> offers(kvm, capability));
            String lacking = missing.stream()
                    .filter(capability -> capability.need() == Capability.Need.ALWAYS)
                    .map(capability -> "KVM_CAP_%s (%s)".formatted(capability, capability.use()))
                    .collect(Collectors.joining(", "));
            if (!lacking.isEmpty()) {
                return unusable("the host's KVM lacks " + lacking, "Use a newer kernel on the host.", missing);
            }
            LoopTimes times = LongModeLoop.time(kvm);
            return new Findings(new Probe.Usable(times.speed(), detail(times)), List.copyOf(missing), Optional.of(times));
        } catch (NativeException e) {
            return unusable(reason(e), fix(e), missing);
        } catch (NativeUnavailableException e) {
            return unusable("KVM is reached by native calls: " + e.getMessage(), "The emulator works without them.", missing);
        } catch (GuestLoopException e) {
            return unusable(e.getMessage(), "Look for KVM's messages in the host's log: journalctl -k", missing);
        }
    }

    private static boolean offers(FileDescriptor kvm, Capability capability) {
        return kvm.ioctl("KVM_CHECK_EXTENSION", kvm_h.KVM_CHECK_EXTENSION(), capability.number()) > 0;
    }

    private static Findings unusable(String reason, String fix, Set<Capability> missing) {
        return new Findings(new Probe.Unusable(reason, fix), List.copyOf(missing), Optional.empty());
    }

    /** What failed, without the remedy, which {@link #fix} tells. */
    static String reason(NativeException failure) {
        String error = Errno.of(failure.errno()).map(Errno::meaning).orElse("error " + failure.errno());
        return failure.call().equals("open")
                ? "%s cannot be opened: %s".formatted(failure.subject(), error)
                : "%s on %s failed: %s".formatted(failure.call(), failure.subject(), error);
    }

    static String fix(NativeException failure) {
        return failure.remedy()
                .orElse(failure.is(Errno.ENOTTY)
                        ? "Check that the path names the KVM device."
                        : "Look for KVM's messages in the host's log: journalctl -k");
    }

    private static String detail(LoopTimes times) {
        String figure = "a kernel-mode loop takes %.1f times its native time".formatted(times.ratio());
        return switch (times.speed()) {
            case HARDWARE, EMULATED -> figure;
            case CRAWLING -> figure + ": this KVM interprets, without hardware virtualization under it";
        };
    }
}
