package dev.quoll.emulator.smp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.HostMemory;
import dev.quoll.emulator.core.LinearMemory;
import dev.quoll.emulator.core.SoftMmu;
import dev.quoll.emulator.smp.BrokenBuild.Result;
import dev.quoll.emulator.smp.LitmusMachine.Placement;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The litmus tests find what they are for: each of these builds breaks one promise, and is caught. */
class BrokenBuildTest {
    private static final String SEGMENT = "Ljava/lang/foreign/MemorySegment;";
    private static final String HANDLE = "Ljava/lang/invoke/VarHandle;";
    /** A broken build is caught in the first second; on a busy host the vCPUs may rarely run at the same time. */
    private static final int SECONDS = 240;

    record Mistake(BrokenBuild build, Placement placement, List<String> tests) {
        @Override
        public String toString() {
            return build.name();
        }
    }

    static List<Mistake> mistakes() throws ClassNotFoundException {
        return List.of(
                new Mistake(
                        new BrokenBuild(
                                "LOCK of four bytes in two steps",
                                HostMemory.class,
                                "compareAndSetInt",
                                "compareAndSet",
                                "compareAndSetInt",
                                "(" + HANDLE + SEGMENT + "JII)Z"),
                        Placement.ALIGNED,
                        List.of("ADD+ADD", "XADD+XADD", "SB+xchg")),
                new Mistake(
                        new BrokenBuild(
                                "LOCK of eight bytes in two steps",
                                HostMemory.class,
                                "compareAndSetLong",
                                "compareAndSet",
                                "compareAndSetLong",
                                "(" + HANDLE + SEGMENT + "JJJ)Z"),
                        Placement.ALIGNED,
                        List.of("XADD64+XADD64", "ADD64+dword")),
                new Mistake(
                        new BrokenBuild(
                                "MFENCE does nothing",
                                Class.forName("dev.quoll.emulator.system.ProcessorFamily"),
                                "",
                                "fullFence",
                                "noFence",
                                "()V"),
                        Placement.ALIGNED,
                        List.of("SB+mfence", "R+mfence")),
                new Mistake(
                        new BrokenBuild(
                                "serializing instructions and port accesses drain nothing",
                                SoftMmu.class,
                                "drainStores",
                                "fullFence",
                                "noFence",
                                "()V"),
                        Placement.ALIGNED,
                        List.of("SB+cpuid between", "SB+in between", "SB+out between")),
                new Mistake(
                        new BrokenBuild(
                                "a store passes the one before it",
                                LinearMemory.class,
                                "store32",
                                "storeInt",
                                "storeInt",
                                "(" + SEGMENT + "JI)V"),
                        Placement.ALIGNED,
                        List.of("MP", "2+2W", "S")),
                new Mistake(
                        new BrokenBuild(
                                "a load passes the one before it",
                                LinearMemory.class,
                                "load32",
                                "loadInt",
                                "loadInt",
                                "(" + SEGMENT + "J)I"),
                        Placement.ALIGNED,
                        List.of("MP", "CoRR")),
                new Mistake(
                        new BrokenBuild(
                                "a split LOCK does not hold off others",
                                LinearMemory.class,
                                "",
                                "stopOthers",
                                "stopNobody",
                                "(Ljava/lang/Object;)Z"),
                        Placement.PAGE,
                        List.of("ADD+bytes", "XCHG+bytes down", "ADD+ADD")));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void isCaught(Mistake mistake, @TempDir Path directory) {
        Result result = run(mistake.build, SECONDS, 500, mistake.placement, mistake.tests, directory);
        assertThat(result.status()).as(result.output()).isEqualTo(LitmusMain.CAUGHT);
        assertThat(result.output()).contains("FORBIDDEN");
    }

    @Test
    void invlpgThatForgetsNothingIsCaught(@TempDir Path directory) throws ClassNotFoundException {
        BrokenBuild build = new BrokenBuild(
                "INVLPG forgets nothing",
                Class.forName("dev.quoll.emulator.system.ControlFamily"),
                "",
                "flushPage",
                "keepTranslation",
                "(Ljava/lang/Object;J)V");
        Result result = BrokenBuild.run(build, directory, ShootdownTest.class);
        assertThat(result.status()).as(result.output()).isOne();
        assertThat(result.output()).containsAnyOf("[reads of old frames]", "[reads while unmapped]");
    }

    @Test
    void codeThatOthersKeepIsCaught(@TempDir Path directory) {
        BrokenBuild build = new BrokenBuild(
                "a store into code tells no other vCPU",
                SoftMmu.class,
                "",
                "dropOthersCode",
                "keepOthersCode",
                "(Ljava/lang/Object;Ljava/lang/Object;III)V");
        Result result = BrokenBuild.run(build, directory, CodePatchingTest.class);
        assertThat(result.status()).as(result.output()).isOne();
        assertThat(result.output()).containsAnyOf("[mixtures]", "[old code]", "[INT3 that is gone]");
    }

    @Test
    void theRightBuildIsNot(@TempDir Path directory) throws ClassNotFoundException {
        List<String> tests = mistakes().stream().flatMap(mistake -> mistake.tests.stream()).distinct().toList();
        Result result = run(null, 0, 50, Placement.PAGE, tests, directory);
        assertThat(result.status()).as(result.output()).isZero();
        assertThat(result.output().lines()).hasSize(tests.size());
    }

    private static Result run(
            BrokenBuild build, int seconds, int millis, Placement placement, List<String> tests, Path directory) {
        List<String> arguments =
                new ArrayList<>(List.of(Integer.toString(seconds), Integer.toString(millis), placement.name()));
        arguments.addAll(tests);
        return BrokenBuild.run(build, directory, LitmusMain.class, arguments.toArray(String[]::new));
    }
}
