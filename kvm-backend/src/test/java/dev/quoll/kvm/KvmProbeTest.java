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

    @Test
    void aMissingDeviceIsToldWithTheFix() {
        Probe.Unusable verdict = unusable(KvmProbe.run("/dev/kvm.absent"));
        assertThat(verdict.reason()).isEqualTo("/dev/kvm.absent cannot be opened: no such file or directory");
        assertThat(verdict.fix()).contains("modprobe");
    }

    @Test
    void whatIsNoKvmIsToldApart() throws IOException {
        Path file = Files.createFile(folder.resolve("kvm"));
        Probe.Unusable verdict = unusable(KvmProbe.run(file.toString()));
        assertThat(verdict.reason()).contains("KVM_GET_API_VERSION", file.toString());
        assertThat(verdict.fix()).contains("names the KVM device");
        assertThat(unusable(KvmProbe.run(folder.toString())).reason()).contains("is a directory");
    }

    @Test
    void aRefusalSaysWhichGroupToJoin() {
        NativeException refusal = new NativeException("open", KvmProbe.DEVICE, Errno.EACCES.number());
        assertThat(KvmProbe.reason(refusal)).isEqualTo("/dev/kvm cannot be opened: permission denied");
        assertThat(KvmProbe.fix(refusal)).contains("group kvm");
    }

    @Test
    void aRefusalOfTheKernelsIsTold() throws IOException {
        assumeFalse("root".equals(System.getProperty("user.name")), "root may open everything");
        Path file = Files.createFile(
                folder.resolve("kvm"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("---------")));
        assertThat(unusable(KvmProbe.run(file.toString())).reason()).endsWith("permission denied");
    }

    @Test
    void theRatioSetsTheSpeedClass() {
        assertThat(new LoopTimes(11_000, 10_000).speed()).isEqualTo(SpeedClass.HARDWARE);
        assertThat(new LoopTimes(60_000, 10_000).speed()).as("nested").isEqualTo(SpeedClass.HARDWARE);
        assertThat(new LoopTimes(30_000_000, 10_000).speed()).isEqualTo(SpeedClass.CRAWLING);
        assertThat(new LoopTimes(5, 0).ratio()).as("a clock that does not tick").isEqualTo(5);
    }
}
