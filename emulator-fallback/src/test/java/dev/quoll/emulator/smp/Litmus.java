package dev.quoll.emulator.smp;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A litmus test: what a few processors do to a few locations, and the outcome it is about. Written as in the literature,
 * one column a processor:
 *
 * <pre>
 * MOV [x],1   | MOV [y],1
 * MOV EAX,[y] | MOV EAX,[x]
 * 0:EAX=0 1:EAX=0
 * </pre>
 *
 * <p>All locations and registers begin as 0; a location has eight bytes ({@code [x+4]}), an access that names no register
 * or size has four. The instructions are MOV (load, store, register and immediate), those of {@link Barrier}, XCHG, and LOCK
 * ADD, XADD and CMPXCHG.
 *
 * @param text the program as written
 * @param threads instructions of each processor
 * @param condition registers ({@code 0:EAX}) and locations with the values of the outcome in question
 */
record Litmus(String name, String text, List<List<Step>> threads, Map<String, Long> condition) {
    static final List<String> LOCATIONS = List.of("x", "y", "z", "w");
    /** Registers a program may use; the rest drives the rounds. */
    static final List<String> REGISTERS = List.of("AX", "BX", "CX", "DX");

    enum Kind {
        LOAD,
        STORE,
        SET,
        FENCE,
        XCHG,
        ADD,
        XADD,
        CMPXCHG
    }

    /**
     * One instruction.
     *
     * @param location index of {@link #LOCATIONS}
     * @param offset bytes from the location's start
     * @param size bytes accessed
     * @param register index of {@link #REGISTERS}, or -1
     * @param value the immediate where there is no source register; which {@link Barrier}
     */
    record Step(Kind kind, int location, int offset, int size, int register, long value) {
        Barrier barrier() {
            return Barrier.values()[(int) value];
        }

        boolean writesRegister() {
            return kind == Kind.LOAD || kind == Kind.XCHG || kind == Kind.XADD || kind == Kind.CMPXCHG;
        }

        /** The register whose value is a result. */
        int resultRegister() {
            return kind == Kind.CMPXCHG ? 0 : register;
        }

        boolean writesMemory() {
            return kind == Kind.STORE || locked();
        }

        boolean locked() {
            return kind == Kind.XCHG || kind == Kind.ADD || kind == Kind.XADD || kind == Kind.CMPXCHG;
        }
    }

    private static final Pattern MEMORY = Pattern.compile("(BYTE|WORD|DWORD|QWORD)?\\s*\\[([xyzw])(?:\\+(\\d+))?\\]");

    /** Reads a test. The last line is the condition. */
    static Litmus of(String name, String source) {
        List<String> lines = source.strip().lines().map(String::strip).toList();
        List<List<Step>> threads = new ArrayList<>();
        for (String line : lines.subList(0, lines.size() - 1)) {
            String[] columns = line.split("\\|", -1);
            for (int i = 0; i < columns.length; i++) {
                if (threads.size() == i) {
                    threads.add(new ArrayList<>());
                }
                if (!columns[i].isBlank()) {
                    threads.get(i).add(step(columns[i].strip()));
                }
            }
        }
        Map<String, Long> condition = new LinkedHashMap<>();
        for (String term : lines.getLast().split("\\s+")) {
            String[] sides = term.split("=");
            condition.put(sides[0], Long.decode(sides[1]));
        }
        return new Litmus(name, source.strip(), threads, condition);
    }

    private static Step step(String text) {
        String rest = text.startsWith("LOCK ") ? text.substring(5) : text;
        Optional<Barrier> barrier = Barrier.named(rest);
        if (barrier.isPresent()) {
            return fence(barrier.get());
        }
        int space = rest.indexOf(' ');
        String mnemonic = rest.substring(0, space);
        String[] operands = rest.substring(space).strip().split("\\s*,\\s*");
        Matcher first = MEMORY.matcher(operands[0]);
        Matcher second = MEMORY.matcher(operands[1]);
        if (second.matches()) {
            return access(Kind.LOAD, second, operands[0]);
        }
        if (!first.matches()) {
            return new Step(Kind.SET, 0, 0, registerSize(operands[0]), register(operands[0]), Long.decode(operands[1]));
        }
        Kind kind = mnemonic.equals("MOV") ? Kind.STORE : Kind.valueOf(mnemonic);
        if (kind != Kind.STORE && kind != Kind.XCHG && !text.startsWith("LOCK ")) {
            throw new IllegalArgumentException("only locked read-modify-writes: " + text);
        }
        return access(kind, first, operands[1]);
    }

    private static Step fence(Barrier barrier) {
        return new Step(Kind.FENCE, 0, 0, 0, -1, barrier.ordinal());
    }

    private static Step access(Kind kind, Matcher memory, String other) {
        int register = register(other);
        int size = register >= 0
                ? registerSize(other)
                : switch (memory.group(1)) {
                    case "BYTE" -> 1;
                    case "WORD" -> 2;
                    case "QWORD" -> 8;
                    case null, default -> 4;
                };
        int offset = memory.group(3) == null ? 0 : Integer.parseInt(memory.group(3));
        long value = register >= 0 ? 0 : Long.decode(other);
        return new Step(kind, LOCATIONS.indexOf(memory.group(2)), offset, size, register, value);
    }

    private static int register(String text) {
        return switch (text) {
            case "AL", "AX", "EAX", "RAX" -> 0;
            case "BL", "BX", "EBX", "RBX" -> 1;
            case "CL", "CX", "ECX", "RCX" -> 2;
            case "DL", "DX", "EDX", "RDX" -> 3;
            default -> -1;
        };
    }

    private static int registerSize(String text) {
        return text.endsWith("L") ? 1 : text.length() == 2 ? 2 : text.startsWith("E") ? 4 : 8;
    }

    // What is observed: registers that memory has been read into, then locations that are written.

    /** A register of a processor, or a location (thread -1). */
    record Observable(int thread, int number) {
        String label() {
            return thread < 0 ? LOCATIONS.get(number) : thread + ":E" + REGISTERS.get(number);
        }
    }

    List<Observable> observables() {
        Set<Observable> all = new LinkedHashSet<>();
        Set<Integer> written = new TreeSet<>();
        for (int thread = 0; thread < threads.size(); thread++) {
            for (Step step : threads.get(thread)) {
                if (step.writesRegister()) {
                    all.add(new Observable(thread, step.resultRegister()));
                }
                if (step.writesMemory()) {
                    written.add(step.location());
                }
            }
        }
        written.forEach(location -> all.add(new Observable(-1, location)));
        return List.copyOf(all);
    }

    /** Whether an outcome (values of {@link #observables}) is the one in question. */
    boolean matches(List<Long> outcome) {
        List<Observable> all = observables();
        int found = 0;
        for (int i = 0; i < all.size(); i++) {
            Long wanted = condition.get(all.get(i).label());
            if (wanted != null) {
                found++;
                if (!wanted.equals(outcome.get(i))) {
                    return false;
                }
            }
        }
        if (found != condition.size()) {
            throw new IllegalStateException(name + ": the condition names what is not observed: " + condition + all);
        }
        return true;
    }

    /** The outcome as text, {@code 0:EAX=0 1:EAX=1 x=1}. */
    String describe(List<Long> outcome) {
        StringBuilder text = new StringBuilder();
        List<Observable> all = observables();
        for (int i = 0; i < all.size(); i++) {
            long value = outcome.get(i);
            text.append(i == 0 ? "" : " ").append(all.get(i).label()).append('=');
            text.append(value >= 0 && value < 10 ? Long.toString(value) : "0x" + Long.toHexString(value));
        }
        return text.toString();
    }

    // Variants.

    /** Every plain store as XCHG, through a register that holds no result. */
    Litmus withLockedStores() {
        return rewritten("+xchg", step -> step.kind == Kind.STORE && step.register < 0
                ? List.of(
                        new Step(Kind.SET, 0, 0, step.size, 3, step.value),
                        new Step(Kind.XCHG, step.location, step.offset, step.size, 3, 0))
                : List.of(step));
    }

    /** Every load as LOCK XADD of 0. */
    Litmus withLockedLoads() {
        return rewritten("+xadd", step -> step.kind == Kind.LOAD
                ? List.of(
                        new Step(Kind.SET, 0, 0, step.size, step.register, 0),
                        new Step(Kind.XADD, step.location, step.offset, step.size, step.register, 0))
                : List.of(step));
    }

    /** MFENCE between any two instructions. */
    Litmus withFences() {
        List<List<Step>> fenced = new ArrayList<>();
        for (List<Step> steps : threads) {
            List<Step> with = new ArrayList<>();
            for (Step step : steps) {
                if (!with.isEmpty()) {
                    with.add(fence(Barrier.MFENCE));
                }
                with.add(step);
            }
            fenced.add(with);
        }
        return new Litmus(name + "+mfence", text, fenced, condition);
    }

    /** The columns in the opposite order, for columns that different things run. */
    Litmus mirrored() {
        Map<String, Long> mirrored = new LinkedHashMap<>();
        condition.forEach((term, value) -> {
            boolean register = Character.isDigit(term.charAt(0));
            mirrored.put(register ? threads.size() - 1 - (term.charAt(0) - '0') + term.substring(1) : term, value);
        });
        return new Litmus(name + " mirrored", text, threads.reversed(), mirrored);
    }

    private Litmus rewritten(String suffix, Function<Step, List<Step>> rule) {
        List<List<Step>> changed = threads.stream()
                .map(steps -> steps.stream().flatMap(step -> rule.apply(step).stream()).toList())
                .toList();
        return new Litmus(name + suffix, text, changed, condition);
    }
}
