package dev.quoll.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Moving a machine between engines whose CPUs are plain stores of elements. */
class MachineMoveTest {
    /** An engine of stores; it notes what it is asked for. */
    private static final class StoreEngine implements Engine {
        final List<StorePartition> made = new ArrayList<>();
        Set<Partition.IrqchipPart> parts = EnumSet.of(Partition.IrqchipPart.LOCAL_APIC);
        boolean refuses;

        @Override
        public String name() {
            return "store";
        }

        @Override
        public Probe probe() {
            return new Probe.Usable(SpeedClass.EMULATED, "a test's");
        }

        @Override
        public Partition create(PartitionConfig config) {
            made.add(new StorePartition(this, config.cpus()));
            return made.getLast();
        }
    }

    private static final class StoreCpu implements VirtualCpu {
        final int index;
        final List<CpuElement> elements = new ArrayList<>(neutral());
        final Semaphore kicks = new Semaphore(0);
        boolean refuses;

        StoreCpu(int index) {
            this.index = index;
        }

        private static List<CpuElement> neutral() {
            CpuElement.Segment none = new CpuElement.Segment(0, 0, 0, CpuElement.Segment.UNUSABLE);
            CpuElement.Table table = new CpuElement.Table(0, 0);
            return List.of(
                    new CpuElement.General(Collections.nCopies(16, 0L), 0, 2),
                    new CpuElement.Control(0, 0, 0, 0, 0, 0, 1),
                    new CpuElement.Segments(none, none, none, none, none, none, none, none, table, table),
                    new CpuElement.Xsave(new byte[576]),
                    new CpuElement.Debug(0, 0, 0, 0, 0, 0),
                    new CpuElement.Msrs(List.of()),
                    new CpuElement.LocalApicPage(new byte[1024], 0),
                    new CpuElement.Events(false, false, false, false),
                    new CpuElement.RunState(CpuElement.Activity.RUNNING),
                    new CpuElement.Tsc(0, 0, 0));
        }

        @Override
        public int index() {
            return index;
        }

        @Override
        public CpuExit run() {
            kicks.acquireUninterruptibly();
            return CpuExit.Kicked.INSTANCE;
        }

        @Override
        public void kick() {
            kicks.release();
        }

        @Override
        public void reset() {}

        @Override
        public CpuElement read(CpuElement.Kind kind) {
            return elements.get(kind.ordinal());
        }

        @Override
        public void write(CpuElement element) {
            if (refuses) {
                throw new IllegalArgumentException("MSR 0x123 cannot be held");
            }
            elements.set(element.kind().ordinal(), element);
        }

        @Override
        public long instructions() {
            return 0;
        }
    }

    private static final class StorePartition implements Partition {
        final StoreEngine engine;
        final List<StoreCpu> cpus = new ArrayList<>();
        final List<Integer> messages = new ArrayList<>();
        boolean lint0;
        EoiListener eoiListener;
        boolean closed;

        StorePartition(StoreEngine engine, int count) {
            this.engine = engine;
            for (int index = 0; index < count; index++) {
                cpus.add(new StoreCpu(index));
                cpus.getLast().refuses = engine.refuses;
            }
        }

        @Override
        public Set<IrqchipPart> owns() {
            return engine.parts;
        }

        @Override
        public int cpuCount() {
            return cpus.size();
        }

        @Override
        public VirtualCpu cpu(int index) {
            return cpus.get(index);
        }

        @Override
        public MsiSink msiSink() {
            return (_, data) -> messages.add(data);
        }

        @Override
        public InterruptLine lint0() {
            return high -> lint0 = high;
        }

        @Override
        public InterruptLine lint1() {
            return InterruptLine.NONE;
        }

        @Override
        public void setExternalInterruptSource(ExternalInterruptSource source) {}

        @Override
        public void setEoiListener(EoiListener listener) {
            eoiListener = listener;
        }

        @Override
        public String statistics() {
            return "store\n";
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private final StoreEngine first = new StoreEngine();
    private final StoreEngine second = new StoreEngine();

    private Machine started() throws Exception {
        Machine machine = Machine.create(
                new MachineConfig(List.of(new RamRegion(0, 1 << 20, 0)), CpuProfile.V2, 2, true), first);
        machine.start();
        return machine;
    }

    @Test
    void stateAndWiringGoOver() throws Exception {
        try (Machine machine = started()) {
            MsiSink sink = machine.partition().msiSink();
            AtomicInteger ended = new AtomicInteger();
            machine.partition().setEoiListener(ended::set);
            machine.partition().lint0().setLevel(true);
            machine.pause();
            CpuElement events = new CpuElement.Events(
                    true, false, false, false, Optional.of(new CpuElement.PendingException(14, true, 2)));
            machine.partition().cpu(1).write(events);
            assertThat(machine.moveTo(second)).isTrue();

            StorePartition now = second.made.getFirst();
            assertThat(now.cpus.get(1).read(CpuElement.Kind.EVENTS)).isEqualTo(events);
            assertThat(CpuState.of(now.cpus.get(0))).isEqualTo(CpuState.of(first.made.getFirst().cpus.get(0)));
            assertThat(first.made.getFirst().closed).isTrue();
            assertThat(now.lint0).isTrue();
            now.eoiListener.endOfInterrupt(0x31);
            assertThat(ended).hasValue(0x31);
            sink.signal(0xfee0_0000L, 0x41);
            assertThat(now.messages).containsExactly(0x41);
            assertThat(machine.resume()).isTrue();
            assertThat(machine.await(5, TimeUnit.MILLISECONDS)).isEmpty();
        }
        assertThat(second.made.getFirst().closed).isTrue();
    }

    @Test
    void aRunningMachineRunsOnAndComesBack() throws Exception {
        try (Machine machine = started()) {
            for (int i = 0; i < 10; i++) {
                assertThat(machine.moveTo(i % 2 == 0 ? second : first)).isTrue();
                // Only the CPUs of the engine in place hear it.
                assertThat(machine.pause()).isTrue();
                assertThat(machine.resume()).isTrue();
            }
            assertThat(first.made).hasSize(6);
            assertThat(second.made).hasSize(5);
        }
    }

    @Test
    void aMoveThatFailsLeavesTheMachineWhereItWas() throws Exception {
        try (Machine machine = started()) {
            second.refuses = true;
            assertThatThrownBy(() -> machine.moveTo(second))
                    .isInstanceOf(EngineException.class)
                    .hasMessage("the machine cannot move: CPU 0's state does not fit the other engine: MSR 0x123 cannot be held");
            assertThat(second.made.getFirst().closed).isTrue();
            assertThat(first.made.getFirst().closed).isFalse();

            second.parts = EnumSet.allOf(Partition.IrqchipPart.class);
            assertThatThrownBy(() -> machine.moveTo(second)).hasMessageContaining("cannot move: the one engine brings");
            assertThat(machine.pause()).isTrue();
            assertThat(machine.partition().cpu(0)).isSameAs(first.made.getFirst().cpus.getFirst());
        }
    }

    @Test
    void aMachineThatHasEndedStaysWhereItIs() throws Exception {
        try (Machine machine = started()) {
            machine.stop();
            assertThat(machine.moveTo(second)).isFalse();
            assertThat(second.made).isEmpty();
        }
    }
}
