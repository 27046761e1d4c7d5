package dev.quoll.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.Outcome;
import dev.quoll.machine.VirtualCpu;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pauses, resets and the state between them. */
@RequiresKvm
@Timeout(120)
class LifecycleTest {
    /** again: inc qword [1000h]; jmp again. */
    private static final String COUNT = "48 ff 04 25 00 10 00 00  eb f6";
    /** again: rdtsc; shl rdx, 32; or rax, rdx; mov [1000h], rax; jmp again. */
    private static final String READ_TSC = "0f 31  48 c1 e2 20  48 09 d0  48 89 04 25 00 10 00 00  eb ed";

    @Test
    void pausesHoldTheGuestAndLoseNothing() throws Exception {
        try (BareGuest guest = BareGuest.wide(1, COUNT)) {
            guest.machine.start();
            for (int i = 0; i < 200; i++) {
                assertThat(guest.machine.pause()).isTrue();
                long count = guest.machine.memory().readLong(0x1000);
                CpuElement.General state = (CpuElement.General) guest.machine.partition().cpu(0).read(CpuElement.Kind.GENERAL);
                assertThat(state.rip()).isBetween((long) BareGuest.CODE, BareGuest.CODE + 8L);
                assertThat(guest.machine.memory().readLong(0x1000)).isEqualTo(count);
                assertThat(guest.machine.resume()).isTrue();
            }
        }
    }

    @Test
    void everyElementReadsBackAsWrittenAndTheGuestGoesOn() throws Exception {
        // mov ecx, 200000; again: inc rax; loop again; out 0e9h, al; cli; hlt
        try (BareGuest guest = BareGuest.wide(1, "b9 40 0d 03 00  48 ff c0  e2 fb  e6 e9 fa f4")) {
            guest.machine.start();
            Thread.sleep(30);
            guest.machine.pause();
            VirtualCpu cpu = guest.machine.partition().cpu(0);
            for (CpuElement.Kind kind : CpuElement.Kind.values()) {
                CpuElement before = cpu.read(kind);
                cpu.write(before);
                if (kind != CpuElement.Kind.TSC) {
                    assertThat(cpu.read(kind)).isEqualTo(before);
                }
            }
            guest.machine.resume();
            assertThat(guest.machine.await(30, TimeUnit.SECONDS)).containsInstanceOf(Outcome.Halted.class);
            assertThat(guest.output).containsExactly(200_000 & 0xff);
        }
    }

    @Test
    void aResetPutsBackWhatTheGuestHasChanged() throws Exception {
        try (BareGuest guest = BareGuest.wide(1, COUNT)) {
            VirtualCpu cpu = guest.machine.partition().cpu(0);
            var before = Arrays.stream(CpuElement.Kind.values())
                    .filter(kind -> kind != CpuElement.Kind.TSC)
                    .map(cpu::read)
                    .toList();
            guest.machine.start();
            Thread.sleep(20);
            guest.machine.pause();
            cpu.reset();
            for (CpuElement element : before) {
                assertThat(cpu.read(element.kind())).isEqualTo(element);
            }
        }
    }

    @Test
    void theCountersStandWhileTheMachineIsPaused() throws Exception {
        try (BareGuest guest = BareGuest.wide(2, READ_TSC)) {
            guest.machine.start();
            awaitReading(guest, 0);
            guest.machine.pause();
            long reading = guest.machine.memory().readLong(0x1000);
            long before = tsc(guest, 0);
            Thread.sleep(300);
            long after = tsc(guest, 0);
            long begin = System.nanoTime();
            guest.machine.resume();
            // A CPU that has not run since has not been put right either, and would tell nothing.
            awaitReading(guest, reading);
            guest.machine.pause();
            long running = System.nanoTime() - begin;
            long resumed = tsc(guest, 0);
            // 300 ms are at least 150,000,000 ticks of any processor there is, and none makes 6 in a nanosecond.
            assertThat(after - before).isBetween(-20_000_000L, 20_000_000L);
            assertThat(resumed - guest.machine.memory().readLong(0x1000))
                    .as("ahead of what the guest has read")
                    .isBetween(-20_000_000L, 20_000_000L + 6 * running);
            assumeFalse(
                    ((KvmCpu) guest.machine.partition().cpu(0)).hasFixedTsc(),
                    "this KVM leaves guests the host's TSC, whatever offset it is given");
            assertThat(resumed - before).isBetween(0L, 140_000_000L + 6 * running);
            assertThat(tsc(guest, 1) - resumed).as("the other CPU").isBetween(-50_000_000L, 50_000_000L);
        }
    }

    /** Waits until the guest of {@link #READ_TSC} has read another value. */
    private static void awaitReading(BareGuest guest, long last) throws InterruptedException {
        for (int tries = 0; guest.machine.memory().readLong(0x1000) == last && tries < 30_000; tries++) {
            Thread.sleep(1);
        }
        assertThat(guest.machine.memory().readLong(0x1000)).isNotEqualTo(last);
    }

    private static long tsc(BareGuest guest, int cpu) {
        return ((CpuElement.Tsc) guest.machine.partition().cpu(cpu).read(CpuElement.Kind.TSC)).tsc();
    }

    @Test
    void anExceptionUnderWayIsWrittenAndDelivered() throws Exception {
        // jmp $; the handler of #GP: pop rax; out 0e9h, al; cli; hlt
        try (BareGuest guest = BareGuest.wide(1, "eb fe")) {
            guest.gate(13, 0x9000);
            guest.put(0x9000, "58 e6 e9 fa f4");
            guest.load();
            VirtualCpu cpu = guest.machine.partition().cpu(0);
            var pending = new CpuElement.PendingException(13, true, 0x48);
            cpu.write(new CpuElement.Events(false, false, false, false, Optional.of(pending)));
            assertThat(((CpuElement.Events) cpu.read(CpuElement.Kind.EVENTS)).exception()).contains(pending);
            cpu.kick();
            assertThat(cpu.run()).isEqualTo(CpuExit.Kicked.INSTANCE);
            assertThat(((CpuElement.Events) cpu.read(CpuElement.Kind.EVENTS)).exception()).contains(pending);
            for (int steps = 0; guest.output.isEmpty() && steps < 5; steps++) {
                cpu.step();
            }
            assertThat(guest.output).containsExactly(0x48);
        }
    }

    @Test
    void exitsAllocateNothing() throws Exception {
        // again: in al, 0e9h; mov [0d0000000h], eax; loop again; and anew
        try (BareGuest guest = BareGuest.wide(1, "bb 00 00 00 d0  b9 20 4e 00 00  e4 e9  89 03  e2 fa  fa f4")) {
            guest.load();
            VirtualCpu cpu = guest.machine.partition().cpu(0);
            CpuElement start = cpu.read(CpuElement.Kind.GENERAL);
            long least = Long.MAX_VALUE;
            // Until the JVM's optimizing compiler has seen the loop: the others' code allocates what it finds to be needless.
            for (int round = 0; round < 12 && least >= 20_000; round++) {
                cpu.write(start);
                cpu.write(new CpuElement.RunState(CpuElement.Activity.RUNNING));
                long before = allocatedBytes();
                Thread watch = Thread.ofPlatform().daemon().start(() -> lookUntilInterrupted((KvmCpu) cpu));
                assertThat(cpu.run()).isInstanceOf(CpuExit.HaltedForever.class);
                least = Math.min(least, allocatedBytes() - before);
                watch.interrupt();
                watch.join();
            }
            // 40,000 exits; what a run costs once (a thread, a record) stays far below a byte for each.
            assertThat(least).isLessThan(20_000);
        }
    }

    /** Of this thread; the module that has it is not on the module path of tests. */
    private static long allocatedBytes() throws ReflectiveOperationException {
        Object threads = Class.forName("java.lang.management.ManagementFactory").getMethod("getThreadMXBean").invoke(null);
        return (long) Class.forName("com.sun.management.ThreadMXBean")
                .getMethod("getCurrentThreadAllocatedBytes")
                .invoke(threads);
    }

    private static void lookUntilInterrupted(KvmCpu cpu) {
        try {
            while (true) {
                Thread.sleep(20);
                cpu.lookAtHalt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void kicksAreNotLost() throws Exception {
        storm(1_000);
    }

    @Test
    @Tag("long")
    void tenThousandKicksAreNotLost() throws Exception {
        storm(10_000);
    }

    private static void storm(int kicks) throws Exception {
        try (BareGuest guest = BareGuest.wide(1, COUNT)) {
            guest.load();
            VirtualCpu cpu = guest.machine.partition().cpu(0);
            var asked = new SynchronousQueue<Integer>();
            Thread kicker = Thread.ofPlatform().daemon().start(() -> {
                try {
                    while (asked.take() >= 0) {
                        cpu.kick();
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            for (int i = 0; i < kicks; i++) {
                asked.put(i);
                // One kick, one return; were one lost, this would never come back.
                assertThat(cpu.run()).isEqualTo(CpuExit.Kicked.INSTANCE);
            }
            asked.put(-1);
            kicker.join();
        }
    }

    @Test
    void machinesLeaveNothingBehind() throws Exception {
        cycles(6);
    }

    @Test
    @Tag("long")
    @Timeout(1800)
    void aThousandMachinesLeaveNothingBehind() throws Exception {
        cycles(1_000);
    }

    private static void cycles(int count) throws Exception {
        cycle();
        Belongings before = Belongings.now();
        for (int i = 0; i < count; i++) {
            cycle();
        }
        Belongings after = Belongings.now();
        assertThat(after.ofMachines()).isEqualTo(before.ofMachines());
        // The JVM opens files, maps memory and starts threads of its own; a leak would show at least once for each machine.
        assertThat(after.files() - before.files()).as("files").isLessThan(count / 3);
        // A granule of metaspace in the middle of a reserved range makes two more of it, which is a third of six machines.
        assertThat(after.mappings() - before.mappings()).as("mappings").isLessThan(Math.max(count / 3, 5));
        assertThat(after.threads() - before.threads()).as("threads").isLessThan(count / 3);
        System.out.printf("%d machines made, run and closed: %s, then %s%n", count, before, after);
    }

    /**
     * What this process has.
     *
     * @param ofMachines files, mappings and threads that can only be a machine's
     */
    private record Belongings(List<String> ofMachines, int files, int mappings, int threads) {
        static Belongings now() throws IOException {
            List<String> machines = new ArrayList<>();
            int files = 0;
            for (File file : new File("/proc/self/fd").listFiles()) {
                files++;
                try {
                    String target = Files.readSymbolicLink(file.toPath()).toString();
                    if (target.contains("kvm") || target.contains("quoll") || target.contains("eventfd")) {
                        machines.add(target.replaceAll("[0-9]+", "N"));
                    }
                } catch (NoSuchFileException _) {
                    files--; // the one that lists the folder
                }
            }
            List<String> mappings = Files.readAllLines(Path.of("/proc/self/maps"));
            mappings.stream().filter(line -> line.contains("kvm") || line.contains("quoll-ram")).forEach(machines::add);
            Thread.getAllStackTraces().keySet().stream()
                    .map(Thread::getName)
                    .filter(name -> name.startsWith("quoll-"))
                    .forEach(machines::add);
            return new Belongings(machines, files, mappings.size(), new File("/proc/self/task").list().length);
        }
    }

    private static void cycle() throws Exception {
        // out 0e9h, al; jmp $
        try (BareGuest guest = BareGuest.wide(2, "e6 e9 eb fe")) {
            guest.machine.start();
            for (int tries = 0; guest.output.isEmpty() && tries < 5000; tries++) {
                Thread.sleep(1);
            }
            assertThat(guest.output).hasSize(1);
        }
    }

    @Test
    void aTripleFaultIsACrash() throws Exception {
        // ud2 without an interrupt table
        try (BareGuest guest = BareGuest.wide(1, "0f 01 1c 25 00 08 00 00 0f 0b")) {
            assertThat(guest.run()).isInstanceOf(Outcome.Crashed.class);
        }
    }
}
