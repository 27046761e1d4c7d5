package dev.quoll.emulator.smp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The protocol by which HLT and what ends it do without a lock, explored in every interleaving: the steps of {@code sleep} and
 * {@code takeInterrupt} in {@code EmulatorCpu} against those of {@code interruptPending} behind a request in IRR, by
 * threads that each send a number of interrupts. All steps but the permit of {@code park} are atomic accesses. An
 * end in which nobody can go on and an interrupt has not been taken is a lost wake-up.
 */
class WakeUpModelTest {
    private static final int INTERRUPTS = 2;

    /** What a sleeping CPU does, in order, and then again; {@code TAKE} is the interrupt's delivery. */
    private enum Sleeper {
        CLEAR_EVENT,
        TAKE_IF_REQUESTED,
        PUBLISH,
        PARK_UNLESS_EVENT,
        PARKED,
        UNPUBLISH
    }

    /** What a sender does for each interrupt. */
    private enum Sender {
        REQUEST,
        RAISE_EVENT,
        READ_SLEEPER,
        UNPARK_WHO_WAS_READ
    }

    /**
     * @param step of the CPU, an index of its order
     * @param requested bit in IRR: interrupts of one vector that come together are one
     * @param senders for each sender: step, interrupts sent, whether it has read a thread
     */
    private record State(int step, boolean event, boolean published, boolean permit, boolean requested, List<Integer> senders) {}

    /**
     * @param order of the CPU's steps
     * @param senders threads that send
     */
    private record Model(List<Sleeper> order, int senders) {
        /** States without a successor. */
        Set<State> ends() {
            Set<State> seen = new HashSet<>();
            Set<State> ends = new HashSet<>();
            Deque<State> open = new ArrayDeque<>();
            Integer[] start = new Integer[3 * senders];
            Arrays.fill(start, 0);
            open.add(new State(0, false, false, false, false, List.of(start)));
            while (!open.isEmpty()) {
                State state = open.remove();
                if (!seen.add(state)) {
                    continue;
                }
                int before = open.size();
                if (cpu(state) instanceof State next) {
                    open.add(next);
                }
                for (int i = 0; i < senders; i++) {
                    if (sender(state, i) instanceof State next) {
                        open.add(next);
                    }
                }
                if (open.size() == before) {
                    ends.add(state);
                }
            }
            assertThat(seen).hasSizeGreaterThan(100);
            return ends;
        }

        /** Null where it waits. */
        State cpu(State s) {
            int next = (s.step + 1) % order.size();
            return switch (order.get(s.step)) {
                case CLEAR_EVENT -> new State(next, false, s.published, s.permit, s.requested, s.senders);
                case TAKE_IF_REQUESTED -> new State(s.requested ? 0 : next, s.event, s.published, s.permit, false, s.senders);
                case PUBLISH -> new State(next, s.event, true, s.permit, s.requested, s.senders);
                // Past the parking when there is an event.
                case PARK_UNLESS_EVENT ->
                    new State(s.event ? (s.step + 2) % order.size() : next, s.event, s.published, s.permit, s.requested, s.senders);
                case PARKED -> s.permit ? new State(next, s.event, s.published, false, s.requested, s.senders) : null;
                case UNPUBLISH -> new State(next, s.event, false, s.permit, s.requested, s.senders);
            };
        }

        State sender(State s, int index) {
            Integer[] all = s.senders.toArray(Integer[]::new);
            int step = all[3 * index];
            if (all[3 * index + 1] == INTERRUPTS) {
                return null;
            }
            boolean read = all[3 * index + 2] != 0;
            all[3 * index] = (step + 1) % Sender.values().length;
            boolean last = all[3 * index] == 0;
            all[3 * index + 1] += last ? 1 : 0;
            Sender now = Sender.values()[step];
            all[3 * index + 2] = now == Sender.READ_SLEEPER && s.published || read && !last ? 1 : 0;
            return new State(
                    s.step,
                    s.event || now == Sender.RAISE_EVENT,
                    s.published,
                    s.permit || now == Sender.UNPARK_WHO_WAS_READ && read,
                    s.requested || now == Sender.REQUEST,
                    List.of(all));
        }

        Set<State> lost() {
            Set<State> lost = ends();
            lost.removeIf(state -> !state.requested);
            return lost;
        }
    }

    @Test
    void noWakeUpIsLost() {
        Model model = new Model(List.of(Sleeper.values()), 2);
        assertThat(model.ends()).as("the CPU sleeps in the end").isNotEmpty();
        assertThat(model.lost()).isEmpty();
    }

    /** The orders that look as good and are not: the model finds them out. */
    @Test
    void otherOrdersLoseOne() {
        assertThat(new Model(
                                List.of(
                                        Sleeper.CLEAR_EVENT, Sleeper.TAKE_IF_REQUESTED, Sleeper.PARK_UNLESS_EVENT,
                                        Sleeper.PARKED, Sleeper.UNPUBLISH, Sleeper.PUBLISH),
                                1)
                        .lost())
                .as("publishes itself after the look")
                .isNotEmpty();
        assertThat(new Model(
                                List.of(
                                        Sleeper.TAKE_IF_REQUESTED, Sleeper.CLEAR_EVENT, Sleeper.PUBLISH,
                                        Sleeper.PARK_UNLESS_EVENT, Sleeper.PARKED, Sleeper.UNPUBLISH),
                                1)
                        .lost())
                .as("forgets the event after the look at IRR")
                .isNotEmpty();
    }
}
