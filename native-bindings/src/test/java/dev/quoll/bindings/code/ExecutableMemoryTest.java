package dev.quoll.bindings.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.bindings.RequiresLinux;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

@RequiresLinux
class ExecutableMemoryTest {
    private static final long PAGE = 4096;

    private static byte[] hex(String bytes) {
        return HexFormat.of().parseHex(bytes.replace(" ", ""));
    }

    /** mov rax, rdi; add rax, 1; ret */
    private static final byte[] INCREMENT = hex("48 89 f8  48 83 c0 01  c3");

    @Test
    void writtenCodeRuns() {
        try (var memory = ExecutableMemory.allocate(PAGE)) {
            long entry = memory.write(0, INCREMENT);
            assertThat(entry).isEqualTo(memory.address());
            for (long argument : new long[] {0, 41, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
                assertThat(CodeEntry.call(entry, argument)).isEqualTo(argument + 1);
            }
        }
    }

    @Test
    void codeAnywhereInTheMemoryAgreesWithJava() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        try (var memory = ExecutableMemory.allocate(16 * PAGE)) {
            for (int i = 0; i < 10_000; i++) {
                int factor = random.nextInt();
                var code = hex("48 69 c7 00 00 00 00 c3"); // imul rax, rdi, imm32; ret
                for (int b = 0; b < 4; b++) {
                    code[3 + b] = (byte) (factor >> 8 * b);
                }
                long argument = random.nextLong();
                long entry = memory.write(random.nextLong(memory.size() - code.length + 1), code);
                assertThat(CodeEntry.call(entry, argument))
                        .as("seed %d, call %d", seed, i)
                        .isEqualTo(argument * factor);
            }
        }
    }

    @Test
    void noPageIsWritableAndExecutable() throws IOException {
        try (var memory = ExecutableMemory.allocate(PAGE)) {
            memory.write(0, INCREMENT);
            var views = Files.readAllLines(Path.of("/proc/self/maps")).stream()
                    .filter(line -> line.contains("memfd:quoll-code"))
                    .map(line -> line.split(" ")[1])
                    .toList();
            assertThat(views).contains("rw-s", "r-xs").doesNotContain("rwxs");
        }
    }

    @Test
    void codeThatDoesNotFitIsRefusedWhole() {
        try (var memory = ExecutableMemory.allocate(PAGE)) {
            assertThatThrownBy(() -> memory.write(PAGE - INCREMENT.length + 1, INCREMENT))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> memory.write(-1, INCREMENT)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(memory.writable().get(ValueLayout.JAVA_BYTE, PAGE - 1)).isZero();
        }
    }

    /** A thread inside the code is in native state: a collection must not wait for it. */
    @Test
    void garbageCollectionDoesNotWaitForRunningCode() throws InterruptedException {
        try (var memory = ExecutableMemory.allocate(PAGE)) {
            long flag = memory.writable().address() + 1024;
            // mov dword [rdi+4], 1; wait: pause; cmp dword [rdi], 0; je wait; ret
            long entry = memory.write(0, hex("c7 47 04 01 00 00 00  f3 90  83 3f 00  74 f9  c3"));
            var inside = new Thread(() -> CodeEntry.call(entry, flag));
            var collected = new CountDownLatch(1);
            inside.start();
            try {
                while ((int) ValueLayout.JAVA_INT.varHandle().getVolatile(memory.writable(), 1028L) == 0) {
                    Thread.onSpinWait();
                }
                Thread.ofPlatform().daemon().start(() -> {
                    System.gc();
                    collected.countDown();
                });
                assertThat(collected.await(30, TimeUnit.SECONDS)).as("collection finished").isTrue();
            } finally {
                ValueLayout.JAVA_INT.varHandle().setVolatile(memory.writable(), 1024L, 1);
                inside.join();
            }
        }
    }
}
