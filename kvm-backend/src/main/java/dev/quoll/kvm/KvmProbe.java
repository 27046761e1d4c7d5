package dev.quoll.kvm;

import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.NativeUnavailableException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.machine.Engine.Obstacle;
import dev.quoll.machine.Engine.Probe;
import dev.quoll.machine.Engine.SpeedClass;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a host's KVM can do, and what stands in its way ({@link KvmObstacle}). It opens the device, asks for its version and capabilities, and runs a short guest: some KVMs
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

        /** For a human. */
        String figure() {
            return "a kernel-mode loop takes %.1f times its native time".formatted(ratio());
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
        Optional<KvmObstacle> foreign = wrongHost(System.getProperty("os.name"), System.getProperty("os.arch"));
        if (foreign.isPresent()) {
            return unusable(foreign.get(), missing);
        }
        try (FileDescriptor kvm = FileDescriptor.open(device, linux_h.O_RDWR())) {
            int version = kvm.ioctl("KVM_GET_API_VERSION", kvm_h.KVM_GET_API_VERSION(), 0);
            if (version != kvm_h.KVM_API_VERSION()) {
                return unusable(new KvmObstacle.OtherInterface(device, version), missing);
            }
            missing.removeIf(capability -> offers(kvm, capability));
            List<Capability> lacking = missing.stream()
                    .filter(capability -> capability.need() == Capability.Need.ALWAYS)
                    .toList();
            if (!lacking.isEmpty()) {
                return unusable(new KvmObstacle.MissingCapabilities(lacking), missing);
            }
            return usable(LongModeLoop.time(kvm), missing);
        } catch (NativeException e) {
            return unusable(KvmObstacle.of(e), missing);
        } catch (NativeUnavailableException e) {
            return unusable(new KvmObstacle.NoNativeAccess(e.getMessage()), missing);
        } catch (GuestLoopException e) {
            return unusable(new KvmObstacle.Broken(e.getMessage()), missing);
        }
    }

    /** @param architecture as the property {@code os.arch} has it */
    static Optional<KvmObstacle> wrongHost(String system, String architecture) {
        boolean right = system.equals("Linux") && (architecture.equals("amd64") || architecture.equals("x86_64"));
        return right ? Optional.empty() : Optional.of(new KvmObstacle.WrongHost(system, architecture));
    }

    private static boolean offers(FileDescriptor kvm, Capability capability) {
        return kvm.ioctl("KVM_CHECK_EXTENSION", kvm_h.KVM_CHECK_EXTENSION(), capability.number()) > 0;
    }

    private static Findings unusable(KvmObstacle obstacle, Set<Capability> missing) {
        return new Findings(new Probe.Unusable(obstacle), List.copyOf(missing), Optional.empty());
    }

    private static Findings usable(LoopTimes times, Set<Capability> missing) {
        Optional<Obstacle> obstacle = times.speed() == SpeedClass.CRAWLING
                ? Optional.of(new KvmObstacle.SoftwareOnly(times))
                : Optional.empty();
        Probe verdict =
                new Probe.Usable(times.speed(), obstacle.map(Obstacle::reason).orElseGet(times::figure), obstacle);
        return new Findings(verdict, List.copyOf(missing), Optional.of(times));
    }
}
