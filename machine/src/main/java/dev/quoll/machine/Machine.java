package dev.quoll.machine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * One virtual machine: memory, buses, clock and an engine's CPUs, to which a board adds devices and a loader.
 *
 * <p>Lifecycle: made, then {@link #start}, then any number of {@link #pause}, {@link #resume} and {@link #reset}, until
 * the guest or the host ends it; {@link #close} at last. Lifecycle methods may be called from any thread that belongs
 * to neither this machine's vCPUs nor its devices; they exclude one another. Devices and engines use {@link #power}
 * instead, which returns at once: a control thread of the machine does the work.
 *
 * <p>Several machines live in one JVM; they share nothing.
 */
public final class Machine implements AutoCloseable {
    private enum State {
        MADE,
        RUNNING,
        PAUSED,
        ENDED
    }

    private static final AtomicInteger MACHINES = new AtomicInteger();
    private static final long RFLAGS_IF = 1 << 9;

    private final MachineConfig config;
    private final GuestMemory memory;
    private final PortBus ports = new PortBus();
    private final MmioBus mmio = new MmioBus();
    private final HostClock clock = new HostClock();
    private final TimerQueue timers;
    private final PartitionConfig partitionConfig;
    private final MovablePartition partition;
    private final VcpuThreads vcpus;
    private final PowerRequests requests = new PowerRequests();
    private final Thread control;
    private final List<Device<?>> devices = new ArrayList<>();
    private final List<AutoCloseable> resources = new ArrayList<>();
    private final List<Supplier<String>> moreStatistics = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();

    /** Held by whoever changes the state; never while a vCPU, timer or device waits for it. */
    private final ReentrantLock lifecycle = new ReentrantLock();

    private GuestLoader loader = _ -> {};
    private volatile MachineListener listener = MachineListener.NONE;
    private volatile State state = State.MADE;
    private boolean closed;

    private Machine(MachineConfig config, Engine engine) throws IOException, EngineException {
        this.config = config;
        int number = MACHINES.incrementAndGet();
        memory = GuestMemory.create(config.ram(), config.hugePages());
        timers = new TimerQueue(clock, "quoll-timers-" + number, this::timerFailed);
        try {
            partitionConfig = new PartitionConfig(
                    memory, ports, mmio, clock, timers, config.profile(), config.cpus(), new Power());
            partition = new MovablePartition(engine.create(partitionConfig));
        } catch (EngineException | RuntimeException | Error e) {
            timers.close();
            memory.close();
            throw e;
        }
        vcpus = new VcpuThreads(partition, new Exits());
        control = Thread.ofPlatform().daemon().name("quoll-machine-" + number).unstarted(this::controlLoop);
        // Guest time begins with the guest's first instruction, however long its making takes.
        timers.pause();
        clock.pause();
    }

    /**
     * Makes a machine that has CPUs and RAM, and no device. Guest time stands until {@link #start}.
     *
     * @throws IOException when the host refuses the memory; one sentence for the user
     * @throws EngineException when the engine cannot do what the configuration asks; one sentence for the user
     */
    public static Machine create(MachineConfig config, Engine engine) throws IOException, EngineException {
        Machine machine = new Machine(config, engine);
        machine.control.start();
        return machine;
    }

    public MachineConfig config() {
        return config;
    }

    public GuestMemory memory() {
        return memory;
    }

    public PortBus ports() {
        return ports;
    }

    public MmioBus mmio() {
        return mmio;
    }

    public GuestClock clock() {
        return clock;
    }

    public TimerQueue timers() {
        return timers;
    }

    /**
     * The engine's part; the same object also after {@link #moveTo}, but not its CPUs. CPU state may be read and written only
     * before {@link #start} and while paused.
     */
    public Partition partition() {
        return partition;
    }

    /** What devices and engines call to reset or end this machine; any thread. */
    public PowerSink power() {
        return new Power();
    }

    /**
     * Adds a device, to be reset with the machine; devices are reset in the order in which they were added. Before
     * {@link #start} only. The caller registers it on the buses.
     */
    public <D extends Device<?>> D add(D device) {
        requireState(State.MADE, "a device is added before the start");
        devices.add(device);
        return device;
    }

    /** The devices, in the order added. */
    public List<Device<?>> devices() {
        return List.copyOf(devices);
    }

    /** Closed by {@link #close}, last added first, after vCPUs and timers have stopped and before memory goes. */
    public void closeWith(AutoCloseable resource) {
        resources.add(resource);
    }

    /** Adds lines to {@link #statistics}: names and values, each line with its end. Asked for from any thread, until {@link #close}. */
    public void addStatistics(Supplier<String> lines) {
        moreStatistics.add(lines);
    }

    /** Sets what loads the guest at start and after each reset. Before {@link #start} only. */
    public void setLoader(GuestLoader guestLoader) {
        requireState(State.MADE, "the loader is set before the start");
        loader = guestLoader;
    }

    /** Sets the one listener. */
    public void setListener(MachineListener machineListener) {
        listener = machineListener;
    }

    /**
     * Loads the guest and lets it run. Order: loader, clock, timers, vCPU threads.
     *
     * @throws IOException from the loader; the machine can then only be closed, or started again with another loader
     * @throws IllegalStateException when it was started before
     */
    public void start() throws IOException {
        begin(State.RUNNING);
    }

    /**
     * Loads the guest and has it stand before its first instruction, as after {@link #pause}; else as {@link #start}. Whoever
     * keeps it paused may execute its instructions one by one with {@link VirtualCpu#step}.
     */
    public void startPaused() throws IOException {
        begin(State.PAUSED);
    }

    private void begin(State first) throws IOException {
        lifecycle.lock();
        try {
            requireState(State.MADE, "a machine starts once");
            loader.load(this);
            state = first;
            vcpus.start();
            if (first == State.RUNNING) {
                letRun();
            }
        } finally {
            lifecycle.unlock();
        }
    }

    /**
     * Holds the guest: on return no vCPU runs, no device touches memory, no timer fires and guest time stands. Order: vCPUs,
     * devices with threads of their own, timers, clock, so that no callback sees a clock that stands. A paused machine stays as it is.
     *
     * @return false when the machine has ended
     */
    public boolean pause() {
        lifecycle.lock();
        try {
            requireForeignThread();
            requireStarted();
            if (state == State.RUNNING) {
                standStill();
                state = State.PAUSED;
            }
            return state == State.PAUSED;
        } finally {
            lifecycle.unlock();
        }
    }

    /**
     * Lets a paused guest go on where it was. Order: clock, timers, devices with threads of their own, vCPUs. A running machine stays as it is.
     *
     * @return false when the machine has ended
     */
    public boolean resume() {
        lifecycle.lock();
        try {
            requireForeignThread();
            requireStarted();
            if (state == State.PAUSED) {
                state = State.RUNNING;
                letRun();
            }
            return state == State.RUNNING;
        } finally {
            lifecycle.unlock();
        }
    }

    /**
     * Starts the guest anew, whatever {@link MachineConfig#reboot()} says. Order: vCPUs stop, timers stop, devices are
     * reset, CPUs are reset, the loader runs; then a running machine runs on, and a paused one stays paused. RAM keeps
     * what was in it but for what the loader writes.
     *
     * @return false when the machine has ended, also by a loader that failed this time
     */
    public boolean reset() {
        lifecycle.lock();
        try {
            requireForeignThread();
            requireStarted();
            if (state != State.ENDED) {
                restart("the host asked for it");
            }
            return state != State.ENDED;
        } finally {
            lifecycle.unlock();
        }
    }

    /**
     * Has another engine run the guest from where it is; memory, devices and time stay what they are. Order: the machine
     * stands still as in {@link #pause}; every CPU's state is read, local APIC included; the other engine makes its part, is
     * wired as the first one was and takes the state over; the first one's part is closed; then a running machine runs on.
     * Interrupts that come from outside meanwhile wait for the new engine. A move that fails changes nothing.
     *
     * @return false when the machine has ended
     * @throws EngineException when the other engine cannot hold this machine; one sentence for the user
     */
    public boolean moveTo(Engine engine) throws EngineException {
        lifecycle.lock();
        try {
            requireForeignThread();
            requireStarted();
            boolean wasRunning = state == State.RUNNING;
            if (wasRunning) {
                standStill();
            }
            try {
                if (state != State.ENDED) {
                    partition.moveTo(() -> engine.create(partitionConfig));
                }
            } finally {
                if (wasRunning) {
                    letRun();
                }
            }
            return state != State.ENDED;
        } finally {
            lifecycle.unlock();
        }
    }

    /** Ends the machine, with {@link Outcome.Stopped} unless it has ended already. On return no vCPU runs any more. */
    public void stop() {
        lifecycle.lock();
        try {
            requireForeignThread();
            finish(new Outcome.Stopped());
        } finally {
            lifecycle.unlock();
        }
    }

    /** Waits for the end. */
    public Outcome await() throws InterruptedException {
        try {
            return outcome.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Waits for the end, so long; empty when it has not come. */
    public Optional<Outcome> await(long timeout, TimeUnit unit) throws InterruptedException {
        try {
            return Optional.of(outcome.get(timeout, unit));
        } catch (TimeoutException _) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Figures for {@code --stats}: one {@code name value} a line. Any thread, until the close. */
    public String statistics() {
        return partition.statistics().stripTrailing()
                + "%nunclaimed-port-accesses %d%nunclaimed-mmio-accesses %d%nguest-seconds %.3f%n"
                        .formatted(ports.unclaimedAccesses(), mmio.unclaimedAccesses(), clock.nanos() / 1e9)
                + moreStatistics.stream().map(Supplier::get).collect(Collectors.joining());
    }

    /**
     * Stops the machine and frees all it holds, in this order: vCPUs, control thread, timers, resources of
     * {@link #closeWith} (last added first), partition, memory. Idempotent. What a resource throws while it closes is
     * thrown on, after everything else is freed.
     */
    @Override
    public void close() {
        lifecycle.lock();
        try {
            if (closed) {
                return;
            }
            requireForeignThread();
            closed = true;
            finish(new Outcome.Stopped());
        } finally {
            lifecycle.unlock();
        }
        requests.close();
        joinControl();
        timers.close();
        RuntimeException failure = null;
        for (AutoCloseable resource : resources.reversed()) {
            try {
                resource.close();
            } catch (Exception e) {
                if (failure == null) {
                    failure = new IllegalStateException("a resource of the machine did not close: " + e.getMessage(), e);
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        partition.close();
        memory.close();
        if (failure != null) {
            throw failure;
        }
    }

    private void joinControl() {
        boolean interrupted = false;
        while (control.isAlive()) {
            try {
                control.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void requireState(State wanted, String rule) {
        if (state != wanted) {
            throw new IllegalStateException(rule + "; this one is " + state);
        }
    }

    private void requireStarted() {
        if (state == State.MADE) {
            throw new IllegalStateException("the machine was not started");
        }
    }

    private void requireForeignThread() {
        if (vcpus.isCurrent() || Thread.currentThread() == control) {
            throw new IllegalStateException("a machine's own threads ask through its PowerSink");
        }
    }

    private void standStill() {
        vcpus.hold();
        devices.forEach(device -> {
            if (device instanceof SuspendableDevice active) {
                active.suspend();
            }
        });
        timers.pause();
        clock.pause();
    }

    private void letRun() {
        clock.resume();
        timers.resume();
        devices.forEach(device -> {
            if (device instanceof SuspendableDevice active) {
                active.resume();
            }
        });
        vcpus.release();
        if (requests.stopping()) {
            // Asked for between the hold and now: the control thread comes to it next, so no vCPU need run until then.
            vcpus.shut();
            vcpus.kick();
        }
    }

    private void restart(String cause) {
        standStill();
        requests.clearReset();
        listener.resetting(cause);
        try {
            devices.forEach(Device::reset);
            for (int index = 0; index < partition.cpuCount(); index++) {
                partition.cpu(index).reset();
            }
            loader.load(this);
        } catch (IOException e) {
            finish(new Outcome.Failed("the guest could not be loaded again: " + e.getMessage()));
            return;
        } catch (RuntimeException e) {
            finish(new Outcome.Failed("the reset failed: " + stackTrace(e)));
            return;
        }
        if (state == State.RUNNING) {
            letRun();
        }
    }

    private void finish(Outcome end) {
        if (state == State.ENDED) {
            return;
        }
        boolean started = state != State.MADE;
        state = State.ENDED;
        if (started) {
            vcpus.end();
        }
        timers.pause();
        clock.pause();
        outcome.complete(end);
    }

    private void controlLoop() {
        while (true) {
            PowerRequests.Request request = requests.take();
            lifecycle.lock();
            try {
                switch (request) {
                    case PowerRequests.Request.Close _ -> {
                        return;
                    }
                    case PowerRequests.Request.End(Outcome end) -> {
                        finish(end);
                        return;
                    }
                    case PowerRequests.Request.Reset(String cause) -> guestReset(cause);
                    case PowerRequests.Request.Panic(String report) -> listener.panicked(report);
                    case PowerRequests.Request.CheckHalt _ -> checkHalt();
                }
            } catch (RuntimeException e) {
                finish(new Outcome.Failed("the machine's control thread failed: " + stackTrace(e)));
            } finally {
                lifecycle.unlock();
            }
        }
    }

    private void guestReset(String cause) {
        if (state == State.ENDED) {
            requests.clearReset();
        } else if (config.reboot()) {
            restart(cause);
        } else {
            requests.clearReset();
            finish(new Outcome.Reset(cause));
        }
    }

    /** Ends the machine when no CPU can ever run again. */
    private void checkHalt() {
        if (state != State.RUNNING) {
            return;
        }
        standStill();
        StringBuilder detail = new StringBuilder();
        boolean dead = true;
        for (int index = 0; index < partition.cpuCount() && dead; index++) {
            VirtualCpu cpu = partition.cpu(index);
            CpuElement.RunState run = (CpuElement.RunState) cpu.read(CpuElement.Kind.RUN_STATE);
            CpuElement.General general = (CpuElement.General) cpu.read(CpuElement.Kind.GENERAL);
            boolean masked = run.activity() == CpuElement.Activity.HALTED && (general.rflags() & RFLAGS_IF) == 0;
            dead = masked || run.activity() == CpuElement.Activity.WAIT_FOR_SIPI;
            if (masked) {
                detail.append(detail.isEmpty() ? "" : ", ").append("CPU %d at 0x%x".formatted(index, general.rip()));
            }
        }
        if (dead) {
            finish(new Outcome.Halted("halted with interrupts masked: " + detail));
        } else {
            letRun();
        }
    }

    /** An error and where it comes from, as text: it becomes a report that outlives the machine. */
    private static String stackTrace(Throwable error) {
        StringBuilder text = new StringBuilder();
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            text.append(text.isEmpty() ? "" : "caused by ").append(cause).append('\n');
            for (StackTraceElement frame : cause.getStackTrace()) {
                text.append("    at ").append(frame).append('\n');
            }
        }
        return text.toString().stripTrailing();
    }

    /** A guest whose clock stood still for ever would look alive. */
    private void timerFailed(Throwable error) {
        ask(new PowerRequests.Request.End(new Outcome.Failed("a device's timer failed: " + stackTrace(error))));
    }

    private void ask(PowerRequests.Request request) {
        if (requests.post(request, vcpus::shut)) {
            vcpus.kick();
        }
    }

    /** Requests of devices and the engine. */
    private final class Power implements PowerSink {
        @Override
        public void reset(String cause) {
            ask(new PowerRequests.Request.Reset(cause));
        }

        @Override
        public void powerOff(String cause) {
            ask(new PowerRequests.Request.End(new Outcome.PoweredOff(cause)));
        }

        @Override
        public void panicked(String report) {
            ask(new PowerRequests.Request.Panic(report));
        }

        @Override
        public void exit(int status) {
            ask(new PowerRequests.Request.End(new Outcome.Exited(status)));
        }
    }

    /** What becomes of a vCPU's exits. */
    private final class Exits implements VcpuThreads.Exits {
        @Override
        public void exited(VirtualCpu cpu, CpuExit exit) {
            switch (exit) {
                case CpuExit.Kicked _ -> {
                    // The gate decides what comes next.
                }
                case CpuExit.HaltedForever _ -> ask(new PowerRequests.Request.CheckHalt());
                case CpuExit.Shutdown(String detail) ->
                    end(new Outcome.Crashed("CPU %d shut down: %s".formatted(cpu.index(), detail)));
                case CpuExit.Breakpoint(long rip) ->
                    end(new Outcome.Failed("CPU %d stopped at a breakpoint that nobody set, at 0x%x"
                            .formatted(cpu.index(), rip)));
                case CpuExit.Failure(String report) ->
                    end(new Outcome.Failed("CPU %d: %s".formatted(cpu.index(), report)));
            }
        }

        @Override
        public void threw(VirtualCpu cpu, Throwable cause) {
            end(new Outcome.Failed("CPU %d's thread failed: %s".formatted(cpu.index(), stackTrace(cause))));
        }

        private void end(Outcome reason) {
            ask(new PowerRequests.Request.End(reason));
        }
    }
}
