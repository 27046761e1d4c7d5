package dev.quoll.emulator.core;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;

/** Gives hot blocks a head of {@link FusedOps} of their own. One per vCPU. */
final class BlockFuser {
    /**
     * Runs after which a block is hot. In a boot of Debian's kernel some 330 blocks get there, which have four fifths of
     * its instructions; twice or half as many made no measurable difference.
     */
    static final int HOT = 65_536;

    /** Bounds what the classes of all vCPUs take (about 3 KiB each, and their compiled code) until code is dropped. */
    private static final int MOST_CLASSES = 4096;

    private static final byte[] TEMPLATE = template();

    private final int most;
    private int classes;

    /** Blocks fused since the start. */
    long fused;

    /** @param cpus vCPUs that do the same */
    BlockFuser(int cpus) {
        most = MOST_CLASSES / cpus;
    }

    /**
     * What a specialisation is made of.
     *
     * @param straight the ops that fall through, in order
     * @param last the op behind them
     */
    record Plan(Block block, FallThrough[] straight, Op last) {}

    private static byte[] template() {
        try (InputStream in = BlockFuser.class.getResourceAsStream("FusedOps.class")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("cannot read the class file of the fused ops", e);
        }
    }

    /** The plan of the specialisation whose lookup this is. */
    static Plan plan(MethodHandles.Lookup lookup) {
        try {
            return MethodHandles.classData(lookup, "_", Plan.class);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Replaces the head of a block by its fused form, unless there are too many. The block must not be running. */
    void fuse(Block block) {
        if (block.stale || classes >= most) {
            return;
        }
        List<FallThrough> straight = new ArrayList<>();
        Op op = block.head;
        while (op instanceof FallThrough work && straight.size() < FusedOps.MOST) {
            straight.add(work);
            op = op.next;
        }
        Plan plan = new Plan(block, straight.toArray(FallThrough[]::new), op);
        try {
            var hidden = MethodHandles.lookup().defineHiddenClassWithClassData(TEMPLATE, plan, true).lookupClass();
            Op head = (Op) hidden.getDeclaredConstructor().newInstance();
            head.ip = block.head.ip;
            head.length = block.head.length;
            block.head = head;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot specialise the fused ops", e);
        }
        classes++;
        fused++;
    }

    /** All decoded code is dropped, and with it the classes. */
    void cleared() {
        classes = 0;
    }
}
