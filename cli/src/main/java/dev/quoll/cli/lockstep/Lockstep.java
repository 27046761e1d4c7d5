package dev.quoll.cli.lockstep;

import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Kind;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.CpuState;
import dev.quoll.machine.GuestDebug;
import dev.quoll.machine.Machine;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.VirtualCpu;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Executes one guest on two paused machines, instruction by instruction on CPU 0, and compares their CPU's state. Where the
 * manuals leave flags open, or an instruction asks for what two machines cannot have in common (time, entropy, the CPU's
 * name), the machine that is led gets the leader's answer, so that what follows is comparable. Time stands still meanwhile: no
 * timer fires. One thread.
 */
public final class Lockstep {
    /** Instructions shown with a difference. */
    private static final int TRAIL = 8;
    /** Iterations after which a repeated instruction counts as one that does not end. */
    private static final int MOST_ITERATIONS = 1 << 20;
    /** One instruction takes less, a repeated one on a KVM that interprets included. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** What names of differences in memory begin with; the address follows. */
    static final String MEMORY = "memory at 0x";

    /**
     * One of the two.
     *
     * @param machine paused
     * @param known what its engine does otherwise than a processor on this host
     */
    public record Side(String name, Machine machine, Set<KnownDifference> known) {
        /** An engine of which nothing of that kind is known. */
        public Side(String name, Machine machine) {
            this(name, machine, Set.of());
        }

        VirtualCpu cpu() {
            return machine.partition().cpu(0);
        }
    }

    /** How it ended. */
    public sealed interface Result {
        /**
         * Equal to the end.
         *
         * @param aligned how often the manuals leave the result open
         * @param known differences that were expected, and how often
         * @param end why no further instruction was executed
         */
        record Same(long steps, long aligned, Map<KnownDifference, Long> known, String end) implements Result {}

        /**
         * A difference.
         *
         * @param step the instruction, counted from 1, behind which it was found
         * @param instruction what it was, with its address and bytes; when not every step is compared, the last one
         * @param differences names of what differs, each with both values
         * @param report all of it, with both states
         */
        record Different(long step, String instruction, Map<String, String[]> differences, String report)
                implements Result {}
    }

    private final Side left;
    private final Side right;
    /** The one that goes first. */
    private final Side leader;
    private final Side led;
    private final int every;
    private final GuestCode code;
    private final Deque<String> trail = new ArrayDeque<>();
    private final Map<KnownDifference, Long> known = new EnumMap<>(KnownDifference.class);
    private long aligned;

    /** @param every after how many instructions states are compared, at least 1 */
    public Lockstep(Side left, Side right, int every) {
        this.left = left;
        this.right = right;
        this.every = every;
        // To be led takes breakpoints; to lead takes single steps that can be trusted.
        boolean turned = left.cpu() instanceof GuestDebug && !(right.cpu() instanceof GuestDebug);
        leader = turned ? right : left;
        led = turned ? left : right;
        code = new GuestCode(leader.machine().memory());
    }

    /** Executes at most so many instructions. */
    public Result run(long most) {
        try (Follower follower = new Follower(led.cpu(), PATIENCE)) {
            return run(most, follower);
        }
    }

    private Result run(long most, Follower follower) {
        CpuState state = CpuState.of(leader.cpu());
        Map<String, String[]> differences = differences(state);
        if (!differences.isEmpty()) {
            return different(0, "before the first instruction", differences);
        }
        for (long step = 1; step <= most; step++) {
            GuestCode.Found instruction = code.at(state);
            note(instruction);
            long from = GuestCode.linear(state);
            CpuExit first = step(leader.cpu(), instruction);
            state = CpuState.of(leader.cpu());
            boolean there = first instanceof CpuExit.Breakpoint && from != GuestCode.linear(state) && !instruction.halts();
            CpuExit second = there ? follower.runTo(GuestCode.linear(state)) : step(led.cpu(), instruction);
            align(instruction, state);
            if (instruction.halts()) {
                halt(state);
            }
            boolean over = !(first instanceof CpuExit.Breakpoint) || !(second instanceof CpuExit.Breakpoint);
            if (over || step % every == 0 || step == most || halted(state)) {
                differences = differences(state);
                if (first.getClass() != second.getClass()) {
                    differences.put("EXIT", inOrder(first.toString(), second.toString()));
                }
                if (!differences.isEmpty()) {
                    return different(step, instruction.toString(), differences);
                }
            }
            if (over || halted(state)) {
                return end(step, instruction, over ? first.toString() : "the guest halted");
            }
        }
        return end(most, null, "the number of steps asked for");
    }

    /** @param state the leader's */
    private Map<String, String[]> differences(CpuState state) {
        CpuState other = CpuState.of(led.cpu());
        Map<String, String[]> found =
                leader == left ? StateComparison.differences(state, other) : StateComparison.differences(other, state);
        found.entrySet().removeIf(one -> expected(one.getKey(), one.getValue()[0], one.getValue()[1]));
        return found;
    }

    private String[] inOrder(String ofLeader, String ofLed) {
        return leader == left ? new String[] {ofLeader, ofLed} : new String[] {ofLed, ofLeader};
    }

    /** Whether the difference is one that is known, which is counted. */
    private boolean expected(String name, String mine, String other) {
        Optional<KnownDifference> found = Stream.concat(
                        right.known().stream().filter(one -> one.covers(name, mine, other)),
                        left.known().stream().filter(one -> one.covers(name, other, mine)))
                .findFirst();
        found.ifPresent(one -> known.merge(one, 1L, Long::sum));
        return found.isPresent();
    }

    /** One instruction with all of its iterations. */
    private CpuExit step(VirtualCpu cpu, GuestCode.Found instruction) {
        long start = rip(cpu);
        for (int i = 0; i < MOST_ITERATIONS; i++) {
            CpuExit exit = cpu.step();
            boolean again = exit instanceof CpuExit.Kicked
                    || exit instanceof CpuExit.Breakpoint && instruction.repeated() && rip(cpu) == start;
            if (!again) {
                return exit;
            }
        }
        return new CpuExit.Failure("the instruction did not end: " + instruction);
    }

    private static long rip(VirtualCpu cpu) {
        return ((CpuElement.General) cpu.read(Kind.GENERAL)).rip();
    }

    /** Gives the machine that is led the other one's answer where no two need be equal. */
    private void align(GuestCode.Found instruction, CpuState state) {
        CpuElement.General mine = (CpuElement.General) state.get(Kind.GENERAL);
        CpuElement.General other = (CpuElement.General) led.cpu().read(Kind.GENERAL);
        long open = instruction.line().undefinedFlags() & (mine.rflags() ^ other.rflags());
        if (instruction.unpredictable() && mine.rip() == other.rip() && !mine.equals(other)) {
            aligned++;
            led.cpu().write(mine);
        } else if (open != 0 && mine.rip() == other.rip()) {
            aligned++;
            led.cpu().write(new CpuElement.General(other.registers(), other.rip(), other.rflags() ^ open));
        }
    }

    /** KVM ends a single step behind a HLT before it comes to halting. */
    private void halt(CpuState state) {
        CpuElement.RunState run = (CpuElement.RunState) state.get(Kind.RUN_STATE);
        if (run.activity() == CpuElement.Activity.HALTED
                && led.cpu().read(Kind.RUN_STATE).equals(new CpuElement.RunState(CpuElement.Activity.RUNNING))) {
            led.cpu().write(run);
        }
    }

    private static boolean halted(CpuState state) {
        CpuElement.General general = (CpuElement.General) state.get(Kind.GENERAL);
        CpuElement.RunState run = (CpuElement.RunState) state.get(Kind.RUN_STATE);
        boolean masked = (general.rflags() & 1 << 9) == 0;
        return run.activity() != CpuElement.Activity.RUNNING && (masked || run.activity() != CpuElement.Activity.HALTED);
    }

    private Result end(long steps, GuestCode.Found last, String why) {
        for (RamRegion region : left.machine().memory().regions()) {
            Map<String, String[]> difference = differenceIn(region);
            if (!difference.isEmpty()) {
                return different(steps, last == null ? why : last.toString(), difference);
            }
        }
        return new Result.Same(steps, aligned, Map.copyOf(known), why);
    }

    /** The first eight bytes that differ. */
    private Map<String, String[]> differenceIn(RamRegion region) {
        MemorySegment mine = left.machine().memory().slice(region.guestAddress(), region.size());
        MemorySegment other = right.machine().memory().slice(region.guestAddress(), region.size());
        long from = 0;
        for (long more = mine.mismatch(other); more >= 0; more = mine.asSlice(from).mismatch(other.asSlice(from))) {
            long at = from + more & -Long.BYTES;
            String name = MEMORY + Long.toHexString(region.guestAddress() + at);
            String[] values = {quad(mine, at), quad(other, at)};
            if (!expected(name, values[0], values[1])) {
                return Map.of(name, values);
            }
            from = at + Long.BYTES;
        }
        return Map.of();
    }

    private static String quad(MemorySegment memory, long at) {
        return "%016x".formatted(memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at));
    }

    private void note(GuestCode.Found instruction) {
        if (trail.size() == TRAIL) {
            trail.removeFirst();
        }
        trail.addLast(instruction.toString());
    }

    private Result different(long step, String instruction, Map<String, String[]> differences) {
        StringBuilder report = new StringBuilder("The engines differ after %d instruction%s.%n".formatted(step, step == 1 ? "" : "s"));
        report.append("%n%-20s %-34s %s%n".formatted("", left.name(), right.name()));
        differences.forEach((name, values) -> report.append("%-20s %-34s %s%n".formatted(name, values[0], values[1])));
        report.append("%nThe last instructions:%n".formatted());
        trail.forEach(line -> report.append("  ").append(line).append(System.lineSeparator()));
        for (Side side : List.of(left, right)) {
            report.append("%nState on %s:%n".formatted(side.name())).append(StateText.of(CpuState.of(side.cpu())));
        }
        return new Result.Different(step, instruction, differences, report.toString());
    }
}
