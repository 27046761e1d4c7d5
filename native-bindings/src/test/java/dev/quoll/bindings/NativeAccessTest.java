package dev.quoll.bindings;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeAccessTest {

    @Test
    @RequiresLinux
    void everythingSeesMemoryAtItsAddress() {
        assertThat(NativeAccess.unavailableReason()).isEmpty();
        var everything = NativeAccess.everything().orElseThrow();
        try (var arena = Arena.ofConfined()) {
            var cell = arena.allocate(ValueLayout.JAVA_LONG);
            everything.set(ValueLayout.JAVA_LONG_UNALIGNED, cell.address(), 0x0123_4567_89AB_CDEFL);
            assertThat(cell.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(0x0123_4567_89AB_CDEFL);
        }
    }

    /** Runs a program against the module in a JVM of its own, with the given options. */
    private static String run(Path folder, List<String> options) throws Exception {
        var program = Files.writeString(folder.resolve("Denied.java"), """
                import dev.quoll.bindings.*;
                import dev.quoll.bindings.code.*;
                import dev.quoll.bindings.file.*;
                import dev.quoll.bindings.kvm.*;
                import dev.quoll.bindings.linux.*;
                import dev.quoll.bindings.memory.*;
                import dev.quoll.bindings.signal.*;
                import dev.quoll.bindings.terminal.*;

                void attempt(String what, Runnable action) {
                    try {
                        action.run();
                        IO.println(what + " worked");
                    } catch (NativeUnavailableException e) {
                        IO.println(what + " unavailable");
                    } catch (Throwable e) {
                        IO.println(what + " broke with " + e);
                    }
                }

                void main() {
                    IO.println("available " + NativeAccess.available());
                    IO.println("reason " + NativeAccess.unavailableReason().orElse("none"));
                    IO.println("everything " + NativeAccess.everything().isPresent());
                    IO.println("terminal " + Terminal.standardInput().isPresent());
                    IO.println("constant " + kvm_h.KVM_API_VERSION() + " size " + kvm_regs.layout().byteSize());
                    attempt("code", () -> ExecutableMemory.allocate(4096));
                    attempt("entry", () -> CodeEntry.call(0, 0));
                    attempt("cpuid", () -> HostCpuid.open());
                    attempt("file", () -> FileDescriptor.open("/dev/null", linux_h.O_RDONLY()));
                    attempt("memory", () -> MemoryMapping.anonymous(4096, Protection.READ_WRITE));
                    attempt("kick", () -> ThreadKick.forCurrentThread());
                    attempt("counter", () -> EventCounter.create());
                }
                """);
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
                "-p", Path.of("target/classes").toString(), "--add-modules", "dev.quoll.bindings"));
        command.addAll(options);
        command.add(program.toString());
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    @Test
    void deniedAccessIsAReasonAndNeverABrokenClass(@TempDir Path folder) throws Exception {
        String output = run(folder, List.of("--illegal-native-access=deny"));
        assertThat(output)
                .contains("available false", "--enable-native-access=dev.quoll.bindings", "everything false",
                        "terminal false", "constant 12 size 144",
                        "code unavailable", "entry unavailable", "cpuid unavailable", "file unavailable",
                        "memory unavailable", "kick unavailable", "counter unavailable")
                .doesNotContain("worked", "broke");
    }

    @Test
    void anotherSystemIsAReasonToo(@TempDir Path folder) throws Exception {
        String output = run(folder, List.of("--enable-native-access=dev.quoll.bindings", "-Dos.arch=aarch64"));
        assertThat(output)
                .contains("available false", "aarch64", "everything false", "code unavailable", "file unavailable")
                .doesNotContain("worked", "broke");
    }
}
