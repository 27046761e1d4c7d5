package dev.quoll.cli.instruments;

import dev.quoll.boot.symbols.SymbolTable;
import dev.quoll.machine.CodeSample;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Samples, counted by place and then by function. Not for several threads at a time. */
final class GuestProfile {
    /** Functions that are told. */
    private static final int TOP = 40;
    /** Places held; a guest that is elsewhere each time does not fill the host's memory. */
    private static final int MOST_PLACES = 1 << 18;
    /** Address spaces of the kernel remembered, the latest first: tables of the others may be gone at the end. */
    private static final int SPACES = 16;
    private static final int USER = 3;
    /** Where Linux puts modules (Documentation/arch/x86/x86_64/mm.rst). */
    private static final long MODULES = 0xffff_ffff_c000_0000L;

    /** A place in guest code. */
    private record Place(long rip, boolean user) {}

    private final Map<Place, Long> places = new HashMap<>();
    private final Deque<Long> spaces = new ArrayDeque<>();
    private long samples;
    private long halted;
    private long user;
    private long elsewhere;

    void add(CodeSample sample) {
        samples++;
        if (sample.halted()) {
            halted++;
            return;
        }
        boolean isUser = sample.privilege() == USER;
        user += isUser ? 1 : 0;
        if (!isUser && !spaces.contains(sample.addressSpace())) {
            spaces.addFirst(sample.addressSpace());
            if (spaces.size() > SPACES) {
                spaces.removeLast();
            }
        }
        Place place = new Place(sample.rip(), isUser);
        if (places.size() < MOST_PLACES || places.containsKey(place)) {
            places.merge(place, 1L, Long::sum);
        } else {
            elsewhere++;
        }
    }

    /** CR3 of moments in which the kernel ran, the latest first. */
    List<Long> kernelSpaces() {
        return List.copyOf(spaces);
    }

    /** The table for the user: functions with most samples first. */
    List<String> report(SymbolTable kernel, SymbolTable program) {
        Map<String, Long> functions = new HashMap<>();
        places.forEach((place, count) -> functions.merge(name(place, kernel, program), count, Long::sum));
        if (elsewhere > 0) {
            functions.put("kernel or user  (places beyond the first %d)".formatted(MOST_PLACES), elsewhere);
        }
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "profile: %d samples: %.1f%% kernel, %.1f%% user, %.1f%% halted",
                samples,
                percent(samples - user - halted),
                percent(user),
                percent(halted)));
        functions.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()).thenComparing(Map.Entry.comparingByKey()))
                .limit(TOP)
                .forEach(each -> lines.add(
                        String.format(Locale.ROOT, "%6.2f%% %8d  %s", percent(each.getValue()), each.getValue(), each.getKey())));
        return lines;
    }

    private double percent(long count) {
        return samples == 0 ? 0 : 100.0 * count / samples;
    }

    private static String name(Place place, SymbolTable kernel, SymbolTable program) {
        if (place.user) {
            return "user    " + program.at(place.rip)
                    .map(SymbolTable.Symbol::name)
                    .orElseGet(() -> "[page 0x%x]".formatted(place.rip & -4096L));
        }
        return "kernel  " + kernel.at(place.rip)
                .or(() -> program.at(place.rip))
                .map(SymbolTable.Symbol::name)
                .orElseGet(() -> Long.compareUnsigned(place.rip, MODULES) >= 0
                        ? "[module]"
                        : "[page 0x%x]".formatted(place.rip & -4096L));
    }
}
