package dev.quoll.emulator.core;

import java.lang.invoke.MethodHandles;

/**
 * Head of a hot block: the block's ops run from here one after another instead of calling each other. {@link BlockFuser}
 * defines a hidden class for each block with the ops as constants, so that the JIT compiles the block as one piece, with
 * its operands folded, instead of one indirect call an instruction that the host's branch predictor cannot foresee.
 *
 * <p>The ops are those that ran before, and each may fault and is restarted as before. Never referenced from other
 * classes: its static initialiser needs the class data.
 */
final class FusedOps extends Op {
    /** Most ops that fall through in one block. */
    static final int MOST = 32;

    private static final BlockFuser.Plan PLAN = BlockFuser.plan(MethodHandles.lookup());
    private static final int COUNT = PLAN.straight().length;
    private static final FallThrough OP0 = straight(0);
    private static final FallThrough OP1 = straight(1);
    private static final FallThrough OP2 = straight(2);
    private static final FallThrough OP3 = straight(3);
    private static final FallThrough OP4 = straight(4);
    private static final FallThrough OP5 = straight(5);
    private static final FallThrough OP6 = straight(6);
    private static final FallThrough OP7 = straight(7);
    private static final FallThrough OP8 = straight(8);
    private static final FallThrough OP9 = straight(9);
    private static final FallThrough OP10 = straight(10);
    private static final FallThrough OP11 = straight(11);
    private static final FallThrough OP12 = straight(12);
    private static final FallThrough OP13 = straight(13);
    private static final FallThrough OP14 = straight(14);
    private static final FallThrough OP15 = straight(15);
    private static final FallThrough OP16 = straight(16);
    private static final FallThrough OP17 = straight(17);
    private static final FallThrough OP18 = straight(18);
    private static final FallThrough OP19 = straight(19);
    private static final FallThrough OP20 = straight(20);
    private static final FallThrough OP21 = straight(21);
    private static final FallThrough OP22 = straight(22);
    private static final FallThrough OP23 = straight(23);
    private static final FallThrough OP24 = straight(24);
    private static final FallThrough OP25 = straight(25);
    private static final FallThrough OP26 = straight(26);
    private static final FallThrough OP27 = straight(27);
    private static final FallThrough OP28 = straight(28);
    private static final FallThrough OP29 = straight(29);
    private static final FallThrough OP30 = straight(30);
    private static final FallThrough OP31 = straight(31);
    /** Ends the block, or is the first op that may not go on to its successor. */
    private static final Op LAST = PLAN.last();

    private static final Block SELF = PLAN.block();

    /** Most repetitions at a time: the JVM compiles a method sooner for its calls than for the turns of its loop. */
    private static final int TURNS = 32;

    private static FallThrough straight(int index) {
        return index < COUNT ? PLAN.straight()[index] : null;
    }

    @Override
    public Block run(Cpu cpu) {
        for (int turn = 0; ; turn++) {
            work(cpu);
            Block target = LAST.run(cpu);
            // A loop onto itself need not go back to the loop of blocks.
            if (target != SELF || turn == TURNS || !cpu.repeats(SELF)) {
                return target;
            }
        }
    }

    private static void work(Cpu cpu) {
        if (COUNT > 0) {
            OP0.execute(cpu);
        }
        if (COUNT > 1) {
            OP1.execute(cpu);
        }
        if (COUNT > 2) {
            OP2.execute(cpu);
        }
        if (COUNT > 3) {
            OP3.execute(cpu);
        }
        if (COUNT > 4) {
            OP4.execute(cpu);
        }
        if (COUNT > 5) {
            OP5.execute(cpu);
        }
        if (COUNT > 6) {
            OP6.execute(cpu);
        }
        if (COUNT > 7) {
            OP7.execute(cpu);
        }
        if (COUNT > 8) {
            second(cpu);
        }
        if (COUNT > 16) {
            third(cpu);
        }
        if (COUNT > 24) {
            fourth(cpu);
        }
    }

    private static void second(Cpu cpu) {
        if (COUNT > 8) {
            OP8.execute(cpu);
        }
        if (COUNT > 9) {
            OP9.execute(cpu);
        }
        if (COUNT > 10) {
            OP10.execute(cpu);
        }
        if (COUNT > 11) {
            OP11.execute(cpu);
        }
        if (COUNT > 12) {
            OP12.execute(cpu);
        }
        if (COUNT > 13) {
            OP13.execute(cpu);
        }
        if (COUNT > 14) {
            OP14.execute(cpu);
        }
        if (COUNT > 15) {
            OP15.execute(cpu);
        }
    }

    private static void third(Cpu cpu) {
        if (COUNT > 16) {
            OP16.execute(cpu);
        }
        if (COUNT > 17) {
            OP17.execute(cpu);
        }
        if (COUNT > 18) {
            OP18.execute(cpu);
        }
        if (COUNT > 19) {
            OP19.execute(cpu);
        }
        if (COUNT > 20) {
            OP20.execute(cpu);
        }
        if (COUNT > 21) {
            OP21.execute(cpu);
        }
        if (COUNT > 22) {
            OP22.execute(cpu);
        }
        if (COUNT > 23) {
            OP23.execute(cpu);
        }
    }

    private static void fourth(Cpu cpu) {
        if (COUNT > 24) {
            OP24.execute(cpu);
        }
        if (COUNT > 25) {
            OP25.execute(cpu);
        }
        if (COUNT > 26) {
            OP26.execute(cpu);
        }
        if (COUNT > 27) {
            OP27.execute(cpu);
        }
        if (COUNT > 28) {
            OP28.execute(cpu);
        }
        if (COUNT > 29) {
            OP29.execute(cpu);
        }
        if (COUNT > 30) {
            OP30.execute(cpu);
        }
        if (COUNT > 31) {
            OP31.execute(cpu);
        }
    }
}
