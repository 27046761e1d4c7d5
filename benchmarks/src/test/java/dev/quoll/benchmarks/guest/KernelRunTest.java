package dev.quoll.benchmarks.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.benchmarks.contest.Contestant;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is made of a guest's output, also of one that lies or dies. */
@Timeout(60)
class KernelRunTest {
    private static KernelRun run(String script, Duration limit) throws Exception {
        KernelRun run = new KernelRun(
                new Contestant("a shell", List.of("sh", "-c", script)), Column.CpuTime.PROGRAM, limit);
        run.run();
        return run;
    }

    @Test
    void linesAreReadBehindWhatTheKernelPrints() {
        assertThat(Mark.in("[    1.0] x @quoll begin int-alu 2\r")).contains(new Mark.Begin("int-alu", 2));
        assertThat(Mark.in("@quoll end int-alu 2 100 90 00ff")).contains(new Mark.End("int-alu", 2, 100, 90, "00ff"));
        assertThat(Mark.in("@quoll skip simd no such thing")).contains(new Mark.Skip("simd", "no such thing"));
        assertThat(Mark.in("@quoll fail sys-fork fork: none left")).contains(new Mark.Fail("sys-fork", "fork: none left"));
        assertThat(Mark.in("@quoll done")).contains(new Mark.Done());
    }

    @Test
    void linesThatAreNotWholeAreNone() {
        for (String line : List.of(
                "", "begin int-alu 2", "@quoll begin int-alu", "@quoll begin int-alu x", "@quoll end int-alu 2 100 90",
                "@quoll end int-alu 2 100 x 00ff", "@quoll end int-alu", "@quoll other", "@quoll end", "@quoll ")) {
            assertThat(Mark.in(line)).as(line).isEmpty();
        }
    }

    @Test
    void passesAreTimedByTheHostToo() throws Exception {
        KernelRun run = run(
                "echo @quoll begin a 0; sleep 0.2; echo @quoll end a 0 123 45 ff; echo @quoll done; echo x",
                Duration.ofSeconds(30));
        assertThat(run.remarks()).isEmpty();
        assertThat(run.measurements()).hasSize(1);
        Measurement measured = run.measurements().getFirst();
        assertThat(measured.host()).isGreaterThan(150_000_000);
        assertThat(measured).isEqualTo(new Measurement("a", 0, 123, measured.host(), 45, "ff"));
    }

    @Test
    void theTimeOfVcpusIsUnknownWhenThePassWasOverBeforeItWasSeenToBegin() throws Exception {
        KernelRun run = new KernelRun(
                new Contestant(
                        "a shell",
                        List.of("sh", "-c", "echo @quoll begin a 0; echo @quoll end a 0 9000000000 1 f; echo @quoll done")),
                Column.CpuTime.VCPU_THREADS,
                Duration.ofSeconds(30));
        run.run();
        assertThat(run.measurements()).extracting(Measurement::cpu).containsExactly(Measurement.UNKNOWN);
    }

    @Test
    void aGuestThatDiesLeavesWhatItHadAndItsLastWords() throws Exception {
        KernelRun run = run(
                "echo @quoll begin a 0; echo @quoll end a 0 1 1 f; echo @quoll begin b 0; echo Oops: 0002",
                Duration.ofSeconds(30));
        assertThat(run.measurements()).extracting(Measurement::kernel).containsExactly("a");
        assertThat(run.remarks()).containsExactly("ended in b before all kernels were run; its last output: Oops: 0002");
    }

    @Test
    void aGuestThatHangsIsEnded() throws Exception {
        KernelRun run = run("echo @quoll begin a 0; exec sleep 50", Duration.ofSeconds(1));
        assertThat(run.measurements()).isEmpty();
        assertThat(run.remarks()).singleElement().asString().startsWith("was ended after 1 s in a before");
    }

    @Test
    void anEndWithoutItsBeginningIsNoMeasurement() throws Exception {
        KernelRun run = run("echo @quoll begin a 0; echo @quoll end a 1 1 1 f; echo @quoll done", Duration.ofSeconds(30));
        assertThat(run.measurements()).isEmpty();
        assertThat(run.remarks()).containsExactly("a ended without a line of its beginning");
    }

    @Test
    void theTimeOfAProcessWithoutVcpusIsNone() {
        assertThat(new VcpuTime(ProcessHandle.current().pid()).nanoseconds()).isZero();
        assertThat(new VcpuTime(Integer.MAX_VALUE).nanoseconds()).isZero();
    }

    @Test
    void theTimeOfThreadsNamedAsVcpusCounts() throws Exception {
        long before = new VcpuTime(ProcessHandle.current().pid()).nanoseconds();
        long[] seen = new long[1];
        Thread vcpu = Thread.ofPlatform().name("quoll-vcpu-0").start(() -> {
            long end = System.nanoTime() + 50_000_000;
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            seen[0] = new VcpuTime(ProcessHandle.current().pid()).nanoseconds();
        });
        vcpu.join();
        assumeTrue(System.getProperty("os.name").equals("Linux"), "schedstat is Linux's");
        assertThat(seen[0] - before).isPositive();
    }
}
