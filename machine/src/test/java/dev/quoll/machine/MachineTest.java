package dev.quoll.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MachineTest {
    private static final CpuProfile PROFILE = new CpuProfile("none", Set.of());

    private static MachineConfig config(int cpus, boolean reboot) {
        return new MachineConfig(List.of(new RamRegion(0, 1 << 20, 0)), PROFILE, cpus, reboot);
    }

    private static Outcome end(Machine machine) throws InterruptedException {
        return machine.await(30, TimeUnit.SECONDS).orElseThrow(() -> new AssertionError("the machine did not end"));
    }

    /** A device that writes down the calls it gets. */
    private record Recorder(String name, List<String> calls, Runnable check) implements Device<Recorder.Nothing> {
        record Nothing() {}

        @Override
        public void reset() {
            check.run();
            calls.add("reset " + name);
        }

        @Override
        public Nothing save() {
            return new Nothing();
        }

        @Override
        public void restore(Nothing state) {}
    }

    @Test
    void powerOffEndsEveryCpu() throws Exception {
        ScriptedEngine engine = new ScriptedEngine(cpu -> {
            if (cpu.index() == 1) {
                cpu.machine().power().powerOff("test");
            }
            return ScriptedEngine.spin(cpu);
        });
        try (Machine machine = Machine.create(config(3, true), engine)) {
            machine.start();
            assertThat(end(machine)).isEqualTo(new Outcome.PoweredOff("test"));
            for (ScriptedEngine.Cpu cpu : engine.partition.cpus) {
                assertThat(cpu.inside).isFalse();
            }
            assertThat(machine.pause()).isFalse();
            assertThat(machine.resume()).isFalse();
            assertThat(machine.reset()).isFalse();
        }
        assertThat(engine.partition.closed).isTrue();
    }

    @Test
    void pauseHoldsCpusTimersAndTime() throws Exception {
        ScriptedEngine engine = new ScriptedEngine(ScriptedEngine::spin);
        try (Machine machine = Machine.create(config(2, true), engine)) {
            AtomicInteger ticks = new AtomicInteger();
            AtomicReference<TimerQueue.Timer> timer = new AtomicReference<>();
            timer.set(machine.timers().timer(() -> {
                ticks.incrementAndGet();
                timer.get().arm(machine.clock().nanos() + 100_000);
            }));
            timer.get().arm(0);
            machine.start();
            while (ticks.get() < 5) {
                Thread.sleep(1);
            }
            assertThat(machine.pause()).isTrue();
            long time = machine.clock().nanos();
            long work = engine.partition.cpus.get(0).work.get() + engine.partition.cpus.get(1).work.get();
            int ticked = ticks.get();
            Thread.sleep(50);
            assertThat(machine.clock().nanos()).isEqualTo(time);
            assertThat(engine.partition.cpus.get(0).work.get() + engine.partition.cpus.get(1).work.get())
                    .isEqualTo(work);
            assertThat(ticks).hasValue(ticked);
            assertThat(machine.resume()).isTrue();
            while (ticks.get() == ticked || engine.partition.cpus.get(1).work.get() == work) {
                Thread.sleep(1);
            }
            machine.stop();
            assertThat(end(machine)).isEqualTo(new Outcome.Stopped());
        }
    }

    @Test
    void timeStandsUntilTheStart() throws Exception {
        try (Machine machine = Machine.create(config(1, true), new ScriptedEngine(ScriptedEngine::spin))) {
            long made = machine.clock().nanos();
            Thread.sleep(20);
            assertThat(machine.clock().nanos()).isEqualTo(made);
        }
    }

    @Test
    void resetRunsInTheDocumentedOrderWithCpusStill() throws Exception {
        List<String> calls = new ArrayList<>();
        AtomicInteger boots = new AtomicInteger();
        ScriptedEngine engine = new ScriptedEngine(cpu -> {
            if (cpu.index() == 0) {
                if (boots.get() < 3) {
                    cpu.machine().power().reset("boot " + boots.get());
                } else {
                    cpu.machine().power().exit(7);
                }
            }
            return ScriptedEngine.spin(cpu);
        });
        try (Machine machine = Machine.create(config(2, true), engine)) {
            Runnable still = () -> {
                for (ScriptedEngine.Cpu cpu : engine.partition.cpus) {
                    assertThat(cpu.inside).isFalse();
                }
            };
            machine.add(new Recorder("a", calls, still));
            machine.add(new Recorder("b", calls, still));
            machine.setLoader(_ -> {
                still.run();
                calls.add("load " + boots.incrementAndGet());
            });
            machine.setListener(new MachineListener() {
                @Override
                public void resetting(String cause) {
                    calls.add("resetting: " + cause);
                }
            });
            machine.start();
            assertThat(end(machine)).isEqualTo(new Outcome.Exited(7));
            assertThat(calls)
                    .containsExactly(
                            "load 1",
                            "resetting: boot 1", "reset a", "reset b", "load 2",
                            "resetting: boot 2", "reset a", "reset b", "load 3");
            assertThat(engine.partition.cpus.getFirst().resets).isEqualTo(2);
        }
    }

    @Test
    void resetEndsAMachineThatDoesNotReboot() throws Exception {
        ScriptedEngine engine = new ScriptedEngine(cpu -> {
            cpu.machine().power().reset("port 0xcf9");
            return ScriptedEngine.spin(cpu);
        });
        try (Machine machine = Machine.create(config(1, false), engine)) {
            machine.start();
            assertThat(end(machine)).isEqualTo(new Outcome.Reset("port 0xcf9"));
        }
    }

    @Test
    void aHostsResetKeepsAPausedMachinePaused() throws Exception {
        AtomicInteger boots = new AtomicInteger();
        ScriptedEngine engine = new ScriptedEngine(ScriptedEngine::spin);
        try (Machine machine = Machine.create(config(1, false), engine)) {
            machine.setLoader(_ -> boots.incrementAndGet());
            machine.start();
            machine.pause();
            assertThat(machine.reset()).isTrue();
            assertThat(boots).hasValue(2);
            long work = engine.partition.cpus.getFirst().work.get();
            Thread.sleep(20);
            assertThat(engine.partition.cpus.getFirst().work).hasValue(work);
            machine.resume();
            while (engine.partition.cpus.getFirst().work.get() == work) {
                Thread.sleep(1);
            }
        }
    }

    @Test
    void aLoaderThatFailsOnRebootEndsTheMachineWithItsSentence() throws Exception {
        AtomicInteger boots = new AtomicInteger();
        ScriptedEngine engine = new ScriptedEngine(cpu -> {
            cpu.machine().power().reset("again");
            return ScriptedEngine.spin(cpu);
        });
        try (Machine machine = Machine.create(config(1, true), engine)) {
            machine.setLoader(_ -> {
                if (boots.incrementAndGet() == 2) {
                    throw new IOException("the image is gone");
                }
            });
            machine.start();
            assertThat(end(machine))
                    .isEqualTo(new Outcome.Failed("the guest could not be loaded again: the image is gone"));
        }
    }

    @Test
    void tripleFaultAndEngineFailureAreToldApart() throws Exception {
        try (Machine machine = Machine.create(
                config(1, true), new ScriptedEngine(_ -> new CpuExit.Shutdown("#DF, then #GP")))) {
            machine.start();
            assertThat(end(machine)).isEqualTo(new Outcome.Crashed("CPU 0 shut down: #DF, then #GP"));
        }
        try (Machine machine =
                Machine.create(config(1, true), new ScriptedEngine(_ -> new CpuExit.Failure("0f ff: what is it?")))) {
            machine.start();
            assertThat(end(machine)).isEqualTo(new Outcome.Failed("CPU 0: 0f ff: what is it?"));
        }
    }

    @Test
    void anExceptionOutOfAnEngineEndsTheMachineWithWhereItWasThrown() throws Exception {
        ScriptedEngine engine = new ScriptedEngine(_ -> {
            throw new StackOverflowError("too deep");
        });
        try (Machine machine = Machine.create(config(1, true), engine)) {
            machine.start();
            assertThat(end(machine)).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.report())
                    .contains("too deep")
                    .contains("MachineTest"));
        }
    }

    @Test
    void anExceptionOutOfATimerEndsTheMachineAndOtherTimersGoOn() throws Exception {
        try (Machine machine = Machine.create(config(1, true), new ScriptedEngine(ScriptedEngine::spin))) {
            machine.timers().timer(() -> {
                throw new IllegalStateException("no such tick");
            }).arm(0);
            machine.start();
            assertThat(end(machine)).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.report())
                    .contains("timer failed", "no such tick", "MachineTest"));
            CountDownLatch ticked = new CountDownLatch(1);
            machine.timers().timer(ticked::countDown).arm(0);
            machine.timers().resume();
            assertThat(ticked.await(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aGuestHaltedForGoodOnEveryCpuEnds() throws Exception {
        ScriptedEngine engine = new ScriptedEngine(cpu -> {
            if (cpu.index() == 0) {
                cpu.activity = CpuElement.Activity.HALTED;
                cpu.rflags = 0x2;
                return new CpuExit.HaltedForever(0x1234);
            }
            cpu.activity = CpuElement.Activity.WAIT_FOR_SIPI;
            return cpu.awaitKick(10_000) ? CpuExit.Kicked.INSTANCE : new CpuExit.Failure("no kick");
        });
        try (Machine machine = Machine.create(config(2, true), engine)) {
            machine.start();
            assertThat(end(machine))
                    .isEqualTo(new Outcome.Halted("halted with interrupts masked: CPU 0 at 0x1234"));
        }
    }

    @Test
    void aCpuHaltedForGoodDoesNotEndTheOthers() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        ScriptedEngine engine = new ScriptedEngine(cpu -> {
            if (cpu.index() == 0) {
                cpu.activity = CpuElement.Activity.HALTED;
                cpu.rflags = 0x2;
                // Asked again and again, so that an INIT or NMI from CPU 1 would be seen.
                if (asked.incrementAndGet() == 5) {
                    cpu.machine().power().powerOff("woken");
                }
                return cpu.takeKick() ? CpuExit.Kicked.INSTANCE : new CpuExit.HaltedForever(0x1234);
            }
            return ScriptedEngine.spin(cpu);
        });
        try (Machine machine = Machine.create(config(2, true), engine)) {
            machine.start();
            assertThat(end(machine)).isEqualTo(new Outcome.PoweredOff("woken"));
        }
    }

    @Test
    void aPanicIsToldAndTheGuestGoesOn() throws Exception {
        AtomicReference<String> told = new AtomicReference<>();
        AtomicBoolean first = new AtomicBoolean(true);
        ScriptedEngine engine = new ScriptedEngine(cpu -> {
            if (first.getAndSet(false)) {
                cpu.machine().power().panicked("oops");
            }
            while (told.get() == null) {
                Thread.sleep(1);
            }
            cpu.machine().power().powerOff("after the panic");
            return ScriptedEngine.spin(cpu);
        });
        try (Machine machine = Machine.create(config(1, true), engine)) {
            machine.setListener(new MachineListener() {
                @Override
                public void panicked(String report) {
                    told.set(report);
                }
            });
            machine.start();
            assertThat(end(machine)).isEqualTo(new Outcome.PoweredOff("after the panic"));
            assertThat(told).hasValue("oops");
        }
    }

    @Test
    void lifecycleCallsFromAMachinesOwnThreadsAreRefused() throws Exception {
        AtomicReference<Machine> self = new AtomicReference<>();
        ScriptedEngine engine = new ScriptedEngine(cpu -> {
            self.get().pause();
            return CpuExit.Kicked.INSTANCE;
        });
        try (Machine machine = Machine.create(config(1, true), engine)) {
            self.set(machine);
            machine.start();
            assertThat(end(machine)).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.report())
                    .contains("a machine's own threads ask through its PowerSink"));
        }
    }

    @Test
    void closingFreesInOrderAndThrowsOnWhatAResourceThrew() throws Exception {
        List<String> calls = new ArrayList<>();
        ScriptedEngine engine = new ScriptedEngine(ScriptedEngine::spin);
        Machine machine = Machine.create(config(1, true), engine);
        machine.closeWith(() -> calls.add("first"));
        machine.closeWith(() -> {
            calls.add("second");
            throw new IOException("disk full");
        });
        machine.start();
        assertThatThrownBy(machine::close).hasMessageContaining("disk full");
        assertThat(calls).containsExactly("second", "first");
        assertThat(engine.partition.closed).isTrue();
        machine.close();
        assertThat(calls).hasSize(2);
    }

    @Test
    void misuseIsRefused() throws Exception {
        try (Machine machine = Machine.create(config(1, true), new ScriptedEngine(ScriptedEngine::spin))) {
            assertThatIllegalStateException().isThrownBy(machine::pause);
            assertThatIllegalStateException().isThrownBy(machine::reset);
            machine.start();
            assertThatIllegalStateException().isThrownBy(machine::start);
            assertThatIllegalStateException().isThrownBy(() -> machine.setLoader(_ -> {}));
        }
    }

    /** Random host calls against a guest that resets itself, while a third thread asks for resets too: nothing hangs. */
    @Test
    void randomLifecycleNeverHangsNorRunsACpuTwice() throws Exception {
        long seed = System.nanoTime();
        System.out.println("MachineTest seed " + seed);
        Random random = new Random(seed);
        ScriptedEngine engine = new ScriptedEngine(cpu -> {
            if (cpu.work.incrementAndGet() % 7 == 0) {
                cpu.machine().power().reset("guest");
            }
            return cpu.awaitKick(1) ? CpuExit.Kicked.INSTANCE : ScriptedEngine.spin(cpu);
        });
        try (Machine machine = Machine.create(config(3, true), engine)) {
            machine.start();
            AtomicBoolean over = new AtomicBoolean();
            Thread nagger = Thread.ofPlatform().start(() -> {
                while (!over.get()) {
                    machine.power().reset("nagger");
                    Thread.onSpinWait();
                }
            });
            boolean running = true;
            for (int step = 0; step < 300; step++) {
                switch (random.nextInt(4)) {
                    case 0 -> running = !machine.pause();
                    case 1 -> running = machine.resume();
                    case 2 -> assertThat(machine.reset()).isTrue();
                    default -> Thread.onSpinWait();
                }
            }
            over.set(true);
            nagger.join();
            machine.resume();
            // After all that the guest still gets somewhere.
            long work = engine.partition.cpus.get(2).work.get();
            while (engine.partition.cpus.get(2).work.get() == work) {
                Thread.sleep(1);
            }
            assertThat(machine.await(0, TimeUnit.SECONDS)).isEmpty();
        }
    }
}
