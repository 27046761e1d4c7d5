package dev.quoll.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.NativeUnavailableException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.kvm.KvmProbe.Findings;
import dev.quoll.kvm.KvmProbe.LoopTimes;
import dev.quoll.machine.Engine.Probe;
import dev.quoll.machine.Engine.SpeedClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class KvmProbeTest {
    @TempDir
    private Path folder;

    /** Skips with the reason where the device does not open; {@code -Dquoll.require.kvm=true} makes that a failure. */
    private static void requireKvm() {
        try (FileDescriptor kvm = FileDescriptor.open(KvmProbe.DEVICE, linux_h.O_RDWR())) {
            assertThat(kvm.number()).isNotNegative();
        } catch (NativeException | NativeUnavailableException e) {
            assertThat(Boolean.getBoolean("quoll.require.kvm")).as(e.getMessage()).isFalse();
            abort(e.getMessage());
        }
    }

    private static Probe.Unusable unusable(Findings findings) {
        assertThat(findings.loop()).isEmpty();
        assertThat(findings.verdict()).isInstanceOf(Probe.Unusable.class);
        return (Probe.Unusable) findings.verdict();
    }

    @Test
    void aKvmThatOpensRunsTheLoopAndIsClassed() {
        requireKvm();
        Findings findings = KvmProbe.run();
        LoopTimes times = findings.loop().orElseThrow(() -> new AssertionError(findings.verdict()));
        assertThat(times.nativeNanos()).isPositive();
        // A processor that does three instructions a cycle at 6 GHz is the fastest that could be meant.
        assertThat(times.guestNanos()).isGreaterThan(1_500);
        assertThat(findings.verdict()).isInstanceOfSatisfying(Probe.Usable.class, usable -> {
            assertThat(usable.speed()).isEqualTo(times.speed()).isNotEqualTo(SpeedClass.EMULATED);
            assertThat(usable.detail()).contains("%.1f times".formatted(times.ratio()));
            if (usable.speed() == SpeedClass.CRAWLING) {
                assertThat(usable.obstacle()).contains(new KvmObstacle.SoftwareOnly(times));
            } else {
                assertThat(usable.obstacle()).isEmpty();
            }
        });
        assertThat(findings.missing()).noneMatch(capability -> capability.need() == Capability.Need.ALWAYS);
    }

    @Test
    void nothingOfKvmStaysOpen() throws IOException {
        requireKvm();
        KvmProbe.run();
        assertThat(openKvmFiles()).isZero();
    }

    private static long openKvmFiles() throws IOException {
        long count = 0;
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            for (Path file : files.toList()) {
                // Descriptors of other threads come and go meanwhile.
                if (Files.isSymbolicLink(file) && Files.readSymbolicLink(file).toString().contains("kvm")) {
                    count++;
                }
            }
        }
        return count;
    }

    private static <T extends KvmObstacle> T obstacle(Class<T> kind, String path) {
        assertThat(unusable(KvmProbe.run(path)).obstacle()).isInstanceOf(kind);
        return kind.cast(unusable(KvmProbe.run(path)).obstacle());
    }

    @Test
    void aMissingDeviceIsToldWithTheFix() {
        KvmObstacle absent = obstacle(KvmObstacle.NoDevice.class, "/dev/kvm.absent");
        assertThat(absent.reason()).isEqualTo("/dev/kvm.absent cannot be opened: no such file or directory");
        assertThat(absent.fix()).contains("modprobe");
    }

    @Test
    void whatIsNoKvmIsToldApart() throws IOException {
        Path file = Files.createFile(folder.resolve("kvm"));
        KvmObstacle other = obstacle(KvmObstacle.NotKvm.class, file.toString());
        assertThat(other.reason()).contains("KVM_GET_API_VERSION", file.toString());
        assertThat(other.fix()).contains("names the KVM device");
        assertThat(obstacle(KvmObstacle.Broken.class, folder.toString()).reason()).contains("is a directory");
    }

    private static KvmObstacle opened(Errno error) {
        return KvmObstacle.of(new NativeException("open", KvmProbe.DEVICE, error.number()));
    }

    @Test
    void aRefusalSaysWhichGroupToJoin() {
        for (Errno refusal : List.of(Errno.EACCES, Errno.EPERM)) {
            assertThat(opened(refusal)).isInstanceOf(KvmObstacle.NoPermission.class);
            assertThat(opened(refusal).fix()).contains("group kvm");
        }
        assertThat(opened(Errno.EACCES).reason()).isEqualTo("/dev/kvm cannot be opened: permission denied");
    }

    @Test
    void aDeviceWithNothingBehindItIsNone() {
        assertThat(opened(Errno.ENODEV)).isInstanceOf(KvmObstacle.NoDevice.class);
        assertThat(opened(Errno.ENODEV).fix()).contains("VT-x");
        assertThat(opened(Errno.EMFILE)).isInstanceOf(KvmObstacle.Broken.class);
        assertThat(opened(Errno.EMFILE).fix()).contains("ulimit -n");
    }

    @Test
    void aRefusalOfTheKernelsIsTold() throws IOException {
        assumeFalse("root".equals(System.getProperty("user.name")), "root may open everything");
        Path file = Files.createFile(
                folder.resolve("kvm"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("---------")));
        assertThat(obstacle(KvmObstacle.NoPermission.class, file.toString()).reason()).endsWith("permission denied");
    }

    @Test
    void anotherSystemOrProcessorIsTheWrongHost() {
        assertThat(KvmProbe.wrongHost("Linux", "amd64")).isEmpty();
        assertThat(KvmProbe.wrongHost("Linux", "aarch64")).contains(new KvmObstacle.WrongHost("Linux", "aarch64"));
        assertThat(KvmProbe.wrongHost("Mac OS X", "x86_64").orElseThrow().reason()).endsWith("this host is Mac OS X on x86_64");
    }

    /** What no host at hand lacks. */
    @Test
    void everyObstacleIsASentenceWithAFix() {
        List<KvmObstacle> obstacles = List.of(
                new KvmObstacle.OtherInterface("/dev/kvm", 10),
                new KvmObstacle.MissingCapabilities(List.of(Capability.SPLIT_IRQCHIP, Capability.IMMEDIATE_EXIT)),
                new KvmObstacle.NoNativeAccess("it was not granted."),
                new KvmObstacle.SoftwareOnly(new LoopTimes(30_000_000, 10_000)));
        assertThat(obstacles).extracting(KvmObstacle::reason).containsExactly(
                "/dev/kvm speaks version 10 of the KVM interface, not 12",
                "the host's KVM lacks KVM_CAP_SPLIT_IRQCHIP (I/O APIC in this process), "
                        + "KVM_CAP_IMMEDIATE_EXIT (leaving a guest without a race)",
                "KVM is reached by native calls: it was not granted.",
                "a kernel-mode loop takes 3000.0 times its native time: this KVM interprets, without hardware "
                        + "virtualization under it");
        assertThat(obstacles).allSatisfy(obstacle -> assertThat(obstacle.fix()).endsWith("."));
    }

    @Test
    void theRatioSetsTheSpeedClass() {
        assertThat(new LoopTimes(11_000, 10_000).speed()).isEqualTo(SpeedClass.HARDWARE);
        assertThat(new LoopTimes(60_000, 10_000).speed()).as("nested").isEqualTo(SpeedClass.HARDWARE);
        assertThat(new LoopTimes(30_000_000, 10_000).speed()).isEqualTo(SpeedClass.CRAWLING);
        assertThat(new LoopTimes(5, 0).ratio()).as("a clock that does not tick").isEqualTo(5);
    }
}
