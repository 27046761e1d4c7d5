package dev.quoll.cli.lockstep;

import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Kind;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.CpuState;
import dev.quoll.machine.Machine;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.VirtualCpu;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * Executes one guest on two paused machines, instruction by instruction on CPU 0, and compares their CPU's state. Where the
 * manuals leave flags open, or an instruction asks for what two machines cannot have in common (time, entropy, the CPU's
 * name), the second machine gets the first one's answer, so that what follows is comparable. Time stands still meanwhile: no
 * timer fires. One thread.
 */
public final class Lockstep {
    /** Instructions shown with a difference. */
    private static final int TRAIL = 8;
    /** Iterations after which a repeated instruction counts as one that does not end. */
    private static final int MOST_ITERATIONS = 1 << 20;

    /** One of the two. @param machine paused */
    public record Side(String name, Machine machine) {
        VirtualCpu cpu() {
            return machine.partition().cpu(0);
        }
    }

    /** How it ended. */
    public sealed interface Result {
        /** Equal to the end. @param end why no further instruction was executed */
        record Same(long steps, long aligned, String end) implements Result {}

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
    private final int every;
    private final GuestCode code;
    private final Deque<String> trail = new ArrayDeque<>();
    private long aligned;

    /** @param every after how many instructions states are compared, at least 1 */
    public Lockstep(Side left, Side right, int every) {
        this.left = left;
        this.right = right;
        this.every = every;
        code = new GuestCode(left.machine().memory());
    }

    /** Executes at most so many instructions. */
    public Result run(long most) {
        CpuState state = CpuState.of(left.cpu());
        Map<String, String[]> differences = StateComparison.differences(state, CpuState.of(right.cpu()));
        if (!differences.isEmpty()) {
            return different(0, "before the first instruction", differences);
        }
        for (long step = 1; step <= most; step++) {
            GuestCode.Found instruction = code.at(state);
            note(instruction);
            CpuExit first = step(left.cpu(), instruction);
            CpuExit second = step(right.cpu(), instruction);
            state = CpuState.of(left.cpu());
            align(instruction, state);
            if (instruction.line().text().equals("hlt")) {
                halt(state);
            }
            boolean over = !(first instanceof CpuExit.Breakpoint) || !(second instanceof CpuExit.Breakpoint);
            if (over || step % every == 0 || step == most || halted(state)) {
                differences = StateComparison.differences(state, CpuState.of(right.cpu()));
                if (first.getClass() != second.getClass()) {
                    differences.put("EXIT", new String[] {first.toString(), second.toString()});
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

    /** Gives the second machine the first one's answer where no two need be equal. */
    private void align(GuestCode.Found instruction, CpuState state) {
        CpuElement.General mine = (CpuElement.General) state.get(Kind.GENERAL);
        CpuElement.General other = (CpuElement.General) right.cpu().read(Kind.GENERAL);
        long open = instruction.line().undefinedFlags() & (mine.rflags() ^ other.rflags());
        if (instruction.unpredictable() && mine.rip() == other.rip() && !mine.equals(other)) {
            aligned++;
            right.cpu().write(mine);
        } else if (open != 0 && mine.rip() == other.rip()) {
            aligned++;
            right.cpu().write(new CpuElement.General(other.registers(), other.rip(), other.rflags() ^ open));
        }
    }

    /** KVM ends a single step behind a HLT before it comes to halting. */
    private void halt(CpuState state) {
        CpuElement.RunState run = (CpuElement.RunState) state.get(Kind.RUN_STATE);
        if (run.activity() == CpuElement.Activity.HALTED
                && right.cpu().read(Kind.RUN_STATE).equals(new CpuElement.RunState(CpuElement.Activity.RUNNING))) {
            right.cpu().write(run);
        }
    }

    private static boolean halted(CpuState state) {
        CpuElement.General general = (CpuElement.General) state.get(Kind.GENERAL);
        CpuElement.RunState run = (CpuElement.RunState) state.get(Kind.RUN_STATE);
        boolean masked = (general.rflags() & 1 << 9) == 0;
        return run.activity() != CpuElement.Activity.RUNNING && (masked || run.activity() != CpuElement.Activity.HALTED);
    }

    private Result end(long steps, GuestCode.Found last, String why) {
        List<RamRegion> regions = left.machine().memory().regions();
        for (RamRegion region : regions) {
            long at = left.machine()
                    .memory()
                    .slice(region.guestAddress(), region.size())
                    .mismatch(right.machine().memory().slice(region.guestAddress(), region.size()));
            if (at >= 0) {
                long address = region.guestAddress() + at & -8L;
                return different(
                        steps,
                        last == null ? why : last.toString(),
                        Map.of("memory at 0x%x".formatted(address), new String[] {
                            "%016x".formatted(left.machine().memory().readLong(address)),
                            "%016x".formatted(right.machine().memory().readLong(address))
                        }));
            }
        }
        return new Result.Same(steps, aligned, why);
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
