package dev.quoll.emulator.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongUnaryOperator;

/**
 * Paging as the manuals' tables say it, for comparison with the walker: first the chain of entries is collected, then
 * rules are asked about the chain as a whole. Reserved bits stand as bit ranges, copied from SDM vol. 3, tables 4-4 to
 * 4-20 (and APM vol. 2, 5.3, for bit 8 of the upper levels), with M for MAXPHYADDR.
 */
final class PagingModel {
    enum Mode {
        NONE(0),
        BITS32(4, "21:12", "31:22"),
        PAE(8, "20:12", "29:21"),
        LEVEL4(8, "20:12", "29:21", "38:30", "47:39"),
        LEVEL5(8, "20:12", "29:21", "38:30", "47:39", "56:48");

        final int entryBytes;
        /** Which bits of the linear address index each level, from the page table upwards. */
        final String[] index;

        Mode(int entryBytes, String... index) {
            this.entryBytes = entryBytes;
            this.index = index;
        }
    }

    enum Access {
        READ,
        WRITE,
        EXECUTE
    }

    /** Everything outside the tables that a translation depends on. */
    record Setting(
            Mode mode,
            boolean wp,
            boolean smep,
            boolean nxe,
            boolean pse,
            boolean pge,
            int maxPhysical,
            long cr3,
            long[] pointers) {}

    /** @param changed entries after the walk, where they differ */
    record Outcome(boolean fault, int error, long page, int shift, boolean global, Map<Long, Long> changed) {
        static Outcome fault(int error, Map<Long, Long> changed) {
            return new Outcome(true, error, 0, 0, false, changed);
        }
    }

    private record Step(int level, long address, long entry, boolean leaf) {}

    private final Setting setting;
    private final LongUnaryOperator memory;

    PagingModel(Setting setting, LongUnaryOperator memory) {
        this.setting = setting;
        this.memory = memory;
    }

    private static long bits(long value, int high, int low) {
        long result = 0;
        for (int i = high; i >= low; i--) {
            result = result << 1 | value >>> i & 1;
        }
        return result;
    }

    private static long bits(long value, String range) {
        String[] ends = range.split(":");
        return bits(value, Integer.parseInt(ends[0]), Integer.parseInt(ends[1]));
    }

    private static boolean bit(long value, int number) {
        return bits(value, number, number) == 1;
    }

    /** Reserved ranges of an entry that is present. */
    private String reserved(int level, boolean leaf) {
        String noExecute = setting.nxe ? "" : " 63:63";
        return switch (setting.mode) {
            case NONE -> "";
            case BITS32 -> level == 1 && leaf ? "21:21 20:M-19" : "";
            case PAE -> "62:M" + noExecute + (level == 1 && leaf ? " 20:13" : "");
            default -> "51:M" + noExecute + switch (level) {
                case 0 -> "";
                case 1 -> leaf ? " 20:13" : "";
                case 2 -> leaf ? " 29:13" : "";
                default -> " 8:7";
            };
        };
    }

    private boolean reservedSet(Step step) {
        for (String range : reserved(step.level, step.leaf).split(" ")) {
            if (range.isEmpty()) {
                continue;
            }
            String[] ends = range.split(":");
            int high = Integer.parseInt(ends[0]);
            int low = switch (ends[1]) {
                case "M" -> setting.maxPhysical;
                // A 4 MiB page's bits 20:13 hold address bits 39:32.
                case "M-19" -> setting.maxPhysical - 19;
                default -> Integer.parseInt(ends[1]);
            };
            if (low <= high && bits(step.entry, high, low) != 0) {
                return true;
            }
        }
        return false;
    }

    private boolean isLeaf(int level, long entry) {
        return switch (level) {
            case 0 -> true;
            case 1 -> bit(entry, 7) && (setting.mode != Mode.BITS32 || setting.pse);
            case 2 -> bit(entry, 7);
            default -> false;
        };
    }

    private long tableAddress(long entry) {
        return setting.mode == Mode.BITS32
                ? bits(entry, 31, 12) << 12
                : bits(entry, Math.min(51, setting.maxPhysical - 1), 12) << 12;
    }

    /** @param user the access counts as made at CPL 3; @param smapForbids CR4.SMAP, and neither user nor AC excuses */
    Outcome translate(long linear, Access access, boolean user, boolean smapForbids) {
        Map<Long, Long> changed = new TreeMap<>();
        if (setting.mode == Mode.NONE) {
            return new Outcome(false, 0, bits(linear, 31, 12) << 12, 12, false, changed);
        }
        boolean pae = setting.mode != Mode.BITS32;
        int error = access == Access.WRITE ? 2 : 0;
        error += user ? 4 : 0;
        error += access == Access.EXECUTE && (setting.smep || pae && setting.nxe) ? 16 : 0;
        long table = bits(setting.cr3, setting.mode == Mode.BITS32 ? 31 : setting.maxPhysical - 1, 12) << 12;
        if (setting.mode == Mode.PAE) {
            long pointer = setting.pointers[(int) bits(linear, 31, 30)];
            if (!bit(pointer, 0)) {
                return Outcome.fault(error, changed);
            }
            table = tableAddress(pointer);
        }
        List<Step> chain = new ArrayList<>();
        for (int level = setting.mode.index.length - 1; ; level--) {
            long address = table + setting.mode.entryBytes * bits(linear, setting.mode.index[level]);
            long entry = changed.getOrDefault(address, memory.applyAsLong(address));
            boolean present = bit(entry, 0);
            Step step = new Step(level, address, entry, present && isLeaf(level, entry));
            if (!present) {
                return Outcome.fault(error, changed);
            }
            if (reservedSet(step)) {
                return Outcome.fault(error + 1 + 8, changed);
            }
            chain.add(step);
            if (step.leaf) {
                break;
            }
            changed.put(address, entry | 1 << 5);
            table = tableAddress(entry);
        }
        Step leaf = chain.getLast();
        boolean userPage = chain.stream().allMatch(step -> bit(step.entry, 2));
        boolean writable = chain.stream().allMatch(step -> bit(step.entry, 1));
        boolean executable = !pae || chain.stream().noneMatch(step -> bit(step.entry, 63));
        if (!allowed(access, user, smapForbids, userPage, writable, executable)) {
            return Outcome.fault(error + 1, changed);
        }
        changed.put(leaf.address, leaf.entry | 1 << 5 | (access == Access.WRITE ? 1 << 6 : 0));
        int shift = Integer.parseInt(setting.mode.index[leaf.level].split(":")[1]);
        long frame;
        if (setting.mode == Mode.BITS32) {
            frame = leaf.level == 1
                    ? bits(leaf.entry, 20, 13) << 32 | bits(leaf.entry, 31, 22) << 22
                    : bits(leaf.entry, 31, 12) << 12;
        } else {
            frame = bits(leaf.entry, setting.maxPhysical - 1, shift) << shift;
        }
        long page = shift == 12 ? frame : frame + (bits(linear, shift - 1, 12) << 12);
        return new Outcome(false, 0, page, shift, setting.pge && bit(leaf.entry, 8), changed);
    }

    /** SDM vol. 3, 4.6.1, sentence by sentence. */
    private boolean allowed(
            Access access, boolean user, boolean smapForbids, boolean userPage, boolean writable, boolean executable) {
        if (user) {
            return userPage
                    && switch (access) {
                        case READ -> true;
                        case WRITE -> writable;
                        case EXECUTE -> executable;
                    };
        }
        return switch (access) {
            case READ -> !userPage || !smapForbids;
            case WRITE -> {
                if (userPage && smapForbids) {
                    yield false;
                }
                yield !setting.wp || writable;
            }
            case EXECUTE -> executable && !(userPage && setting.smep);
        };
    }
}
