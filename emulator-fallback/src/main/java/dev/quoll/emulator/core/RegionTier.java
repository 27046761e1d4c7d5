package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.ControlFlow;
import dev.quoll.emulator.isa.Decoded;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/**
 * Gives hot blocks the code of the region around them: the loop nest or function that they enter, as far as it lies in their page and
 * has been run. One per vCPU, on its thread; only the translation is another's work, so that the guest runs on meanwhile.
 */
final class RegionTier {
    /** Instructions of a region: the JVM compiles no method of more than 8,000 bytes, and well only much smaller ones. */
    private static final int MOST_INSTRUCTIONS = 120;

    private static final int MOST_PIECES = 40;

    /** A block belongs to a region when it has been entered this many times less than what makes one hot. */
    private static final int LUKEWARM = 32;

    /** Regions held by all vCPUs; each takes some 10 KiB of the JVM's memory beside its compiled code. */
    private static final int MOST_REGIONS = 4096;

    /** Times that regions of one page may go out of date before no more are made there. */
    private static final int PATIENCE = 8;

    private final CpuLoop cpu;
    private final RegionCode translator;
    private final Decoder decoder;
    private final Executor executor;
    private final int most;
    private final int lukewarm;
    private final Queue<Finished> finished = new ConcurrentLinkedQueue<>();
    private final byte[] page = new byte[4096 + Decoder.MAX_LENGTH];

    private int regions;
    /** Changes when all code is dropped. */
    private int generation;

    long translated;
    long refused;

    private record Finished(Region region, RegionCode.Entry code, int generation, RuntimeException failure) {}

    /**
     * @param executor runs translations
     * @param hotAfter entries after which a block is hot
     * @param cpus vCPUs that do the same
     */
    RegionTier(CpuLoop cpu, RegionCode translator, Decoder decoder, Executor executor, int hotAfter, int cpus) {
        this.cpu = cpu;
        this.translator = translator;
        this.decoder = decoder;
        this.executor = executor;
        most = MOST_REGIONS / cpus;
        lukewarm = hotAfter / LUKEWARM;
    }

    /** Forgets what is under way. All code has been dropped. */
    void reset() {
        generation++;
        regions = 0;
    }

    /**
     * A block has become hot; it is not running. The region's code takes its place some time later.
     *
     * @return false when there will be none
     */
    boolean hot(Block block) {
        if (block.stale || !Mode.is64(block.mode) || block.secondPage != null || block.page.pageIndex < 0 || regions >= most
                || block.page.regionsLost() >= PATIENCE) {
            return false;
        }
        Region region = discover(block);
        if (region == null) {
            refused++;
            return false;
        }
        regions++;
        int now = generation;
        executor.execute(() -> {
            RegionCode.Entry code = null;
            RuntimeException failure = null;
            try {
                code = translator.translate(region.source, region);
            } catch (RuntimeException e) {
                failure = e;
            }
            finished.add(new Finished(region, code, now, failure));
            cpu.raise(Cpu.EVENT_INVALIDATE);
        });
        // What the executor has done at once need not wait.
        install();
        return true;
    }

    /** Puts finished regions in place, at a block boundary. */
    void install() {
        for (Finished each = finished.poll(); each != null; each = finished.poll()) {
            if (each.failure != null) {
                throw new EmulationFailure("a region of guest code could not be translated: " + each.failure, each.failure);
            }
            if (each.code == null) {
                refused++;
                continue;
            }
            if (each.generation != generation || each.region.outdated() || each.region.blocks[0].stale) {
                continue;
            }
            each.region.install(each.code);
            translated++;
        }
    }

    // Discovery.

    private Region discover(Block head) {
        HostMemory.read(cpu.physical.ram, cpu.physical.ramBase + ((long) head.page.pageIndex << 12), page, 0, 4096);
        List<Block> blocks = new ArrayList<>();
        List<RegionCode.Piece> pieces = new ArrayList<>();
        Map<Integer, Boolean> known = new HashMap<>();
        List<Block> waiting = new ArrayList<>();
        waiting.add(head);
        known.put(head.ip, true);
        int total = 0;
        for (int i = 0; i < waiting.size() && pieces.size() < MOST_PIECES; i++) {
            Block block = waiting.get(i);
            if (total + block.count > MOST_INSTRUCTIONS) {
                continue;
            }
            RegionCode.Piece piece = piece(block);
            if (piece == null) {
                if (block == head) {
                    return null;
                }
                continue;
            }
            total += block.count;
            blocks.add(block);
            pieces.add(piece);
            for (int successor : successors(piece)) {
                if (successor < 0 || successor >= 4096 || known.put(successor, true) != null) {
                    continue;
                }
                Block next = head.page.find(successor, head.mode);
                if (next != null && next.secondPage == null && next.end <= 4096 && next.heat >= lukewarm) {
                    waiting.add(next);
                }
            }
        }
        return new Region(blocks.toArray(Block[]::new), new RegionCode.Source(List.copyOf(pieces), entries(pieces)));
    }

    /**
     * The first block, and where calls return to: what is called may well return by the interpreter. Loops are entered at their heads
     * alone, or the JVM's compilers would not know them for loops.
     */
    private static List<Integer> entries(List<RegionCode.Piece> pieces) {
        List<Integer> entries = new ArrayList<>();
        entries.add(0);
        for (int i = 1; i < pieces.size(); i++) {
            for (RegionCode.Piece each : pieces) {
                Instruction last = each.instructions()[each.instructions().length - 1];
                if (each.end() == pieces.get(i).start() && last.row().flow() == ControlFlow.CALL) {
                    entries.add(i);
                    break;
                }
            }
        }
        return List.copyOf(entries);
    }

    private static int[] successors(RegionCode.Piece piece) {
        int last = piece.instructions().length - 1;
        Instruction instruction = piece.instructions()[last];
        if (piece.fallsThrough()) {
            return new int[] {piece.end()};
        }
        boolean direct = instruction.operandCount() > 0 && instruction.operand(0) instanceof Operand.Relative;
        int target = direct ? piece.end() + (int) ((Operand.Relative) instruction.operand(0)).displacement() : -1;
        return switch (instruction.row().flow()) {
            case JUMP -> new int[] {target};
            case CONDITIONAL, CALL -> new int[] {target, piece.end()};
            case NEXT, RETURN, FAR -> new int[0];
        };
    }

    /** Null for a block whose ops do not stand for its bytes' instructions. */
    private RegionCode.Piece piece(Block block) {
        Instruction[] instructions = new Instruction[block.count];
        int[] starts = new int[block.count];
        Op[] ops = new Op[block.count];
        int ip = block.ip;
        for (int i = 0; i < block.count; i++) {
            Decoded decoded = ip < block.end ? decoder.decode(page, ip, 4096, Mode.codeSize(block.mode)) : null;
            if (!(decoded instanceof Instruction instruction)) {
                return null;
            }
            instructions[i] = instruction;
            starts[i] = ip;
            ip += instruction.length();
        }
        if (ip != block.end) {
            return null;
        }
        int index = 0;
        boolean fallsThrough = false;
        for (Op op = block.linked; op != null; op = op.next) {
            while (index < starts.length && starts[index] < op.ip) {
                index++;
            }
            if (op instanceof NextBlock) {
                fallsThrough = true;
            } else if (index < starts.length && starts[index] == op.ip) {
                ops[index] = op;
            } else {
                return null;
            }
        }
        boolean branches = instructions[block.count - 1].row().flow() != ControlFlow.NEXT;
        return fallsThrough && branches ? null : new RegionCode.Piece(block.ip, block.end, fallsThrough, instructions, starts, ops);
    }

    String statistics() {
        return "translated-regions %d%ntranslated-refused %d%n".formatted(translated, refused);
    }
}
