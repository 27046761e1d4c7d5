package dev.quoll.devices.net.user;

import static dev.quoll.devices.net.user.TcpSimulation.seconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.net.Offloads;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The stack against itself on bad wires, in simulated time. */
@Timeout(120)
class TcpConnectionTest {
    private static final Offloads LARGE = new Offloads(true, true, false);
    private static final TcpSimulation.Wire GOOD = new TcpSimulation.Wire(0, 0, 0, 0);

    private static byte[] bytes(Random random, int count) {
        byte[] data = new byte[count];
        random.nextBytes(data);
        return data;
    }

    private static TcpSimulation open(TcpSimulation.Wire wire, Offloads offloads, Random random, int up, int down) {
        TcpSimulation simulation = new TcpSimulation(wire, offloads, random);
        simulation.guest.host.toSend = bytes(random, up);
        simulation.stack.host.toSend = bytes(random, down);
        simulation.guest.connection.open(random.nextInt());
        return simulation;
    }

    private static boolean over(TcpSimulation simulation) {
        return simulation.guest.closed && simulation.stack.closed;
    }

    private static void assertDelivered(TcpSimulation simulation, String what) {
        assertEqual(simulation.stack.host.received(), simulation.guest.host.toSend, "guest to stack, " + what);
        assertEqual(simulation.guest.host.received(), simulation.stack.host.toSend, "stack to guest, " + what);
        assertThat(simulation.guest.host.ended && simulation.stack.host.ended).as(what).isTrue();
        assertThat(simulation.guest.host.aborted || simulation.stack.host.aborted).as(what).isFalse();
        assertThat(simulation.guest.context.budget.used()).as(what).isZero();
        assertThat(simulation.stack.context.budget.used()).as(what).isZero();
    }

    private static void assertEqual(byte[] received, byte[] sent, String what) {
        assertThat(Arrays.mismatch(received, sent))
                .as("first difference of %d bytes received and %d sent, %s", received.length, sent.length, what)
                .isEqualTo(-1);
    }

    /** Whatever the wire does, both streams arrive whole and both ends close; no timer is left. */
    @Test
    void deliversBothStreamsOverAnyWire() {
        long seed = System.nanoTime();
        for (int round = 0; round < 300; round++) {
            Random random = new Random(seed + round);
            TcpSimulation.Wire wire = new TcpSimulation.Wire(
                    random.nextInt(80), random.nextInt(50), random.nextInt(200), random.nextInt(3) == 0 ? random.nextInt(300) : 0);
            Offloads offloads = random.nextBoolean() ? LARGE : Offloads.NONE;
            TcpSimulation simulation = open(wire, offloads, random, size(random), size(random));
            simulation.run(seconds(100_000), () -> over(simulation));
            String what = "seed %d, %s, %s".formatted(seed + round, wire, offloads);
            assertThat(over(simulation)).as("%s: %s and %s", what,
                    simulation.guest.connection.stateName(), simulation.stack.connection.stateName()).isTrue();
            assertDelivered(simulation, what);
            assertThat(simulation.guest.deadlines.first()).as(what).isEqualTo(Deadlines.NEVER);
            assertThat(simulation.stack.deadlines.first()).as(what).isEqualTo(Deadlines.NEVER);
        }
    }

    private static int size(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> random.nextInt(100);
            case 2 -> random.nextInt(20_000);
            default -> random.nextInt(1_500_000);
        };
    }

    /** On a good wire nothing is sent twice: what is in a frame is data or an acknowledgment. */
    @Test
    void isFrugalOnAGoodWire() {
        Random random = new Random(1);
        TcpSimulation simulation = open(GOOD, LARGE, random, 0, 4_000_000);
        simulation.run(seconds(60), () -> over(simulation));
        assertDelivered(simulation, "good wire");
        assertThat(simulation.framesSent).isLessThan(4_000_000 / 1460);
    }

    /** A host that takes nothing shuts the window; probes keep the connection, and it goes on when the host does. */
    @Test
    void waitsForAHostThatTakesNothing() {
        Random random = new Random(2);
        TcpSimulation simulation = open(GOOD, LARGE, random, 3_000_000, 0);
        simulation.stack.host.ends = false;
        simulation.stack.host.stuck = true;
        simulation.run(seconds(1800), () -> false);
        assertThat(simulation.stack.host.received()).isEmpty();
        assertThat(simulation.stack.connection.stateName()).isEqualTo("ESTABLISHED");
        simulation.stack.host.stuck = false;
        simulation.stack.host.ends = true;
        simulation.stack.host.schedule();
        simulation.at(1, simulation.stack.connection::hostWritable);
        simulation.run(seconds(600), () -> over(simulation));
        assertDelivered(simulation, "stuck host");
    }

    /** One side can end its stream long before the other. */
    @Test
    void keepsAHalfOpenConnection() {
        Random random = new Random(3);
        TcpSimulation simulation = open(GOOD, LARGE, random, 1000, 1000);
        simulation.stack.host.ends = false;
        simulation.run(seconds(3600), () -> false);
        assertThat(simulation.stack.host.ended).isTrue();
        assertThat(simulation.guest.connection.stateName()).isEqualTo("FIN_WAIT_2");
        assertThat(simulation.stack.connection.stateName()).isEqualTo("CLOSE_WAIT");
        simulation.stack.host.ends = true;
        simulation.at(1, simulation.stack.connection::hostReadable);
        simulation.run(seconds(60), () -> over(simulation));
        assertDelivered(simulation, "half open");
    }

    /** A peer that has vanished is noticed, with data under way or without. */
    @Test
    void givesUpOnAVanishedGuest() {
        for (int pending : new int[] {0, 100_000}) {
            Random random = new Random(4);
            TcpSimulation simulation = open(GOOD, LARGE, random, 10, 10);
            simulation.guest.host.ends = false;
            simulation.stack.host.ends = false;
            simulation.run(seconds(10), () -> false);
            assertThat(simulation.stack.connection.stateName()).isEqualTo("ESTABLISHED");
            simulation.guest.deaf = true;
            simulation.stack.host.toSend = bytes(random, 10 + pending);
            simulation.at(1, simulation.stack.host::schedule);
            simulation.run(seconds(7200), () -> simulation.stack.closed);
            assertThat(simulation.stack.closed).as("%d bytes pending", pending).isTrue();
            assertThat(simulation.stack.host.aborted).isTrue();
        }
    }
}
