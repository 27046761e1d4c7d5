package dev.quoll.machine;

import java.util.Set;

/**
 * A named set of CPU features offered to a guest.
 *
 * @param name as on the command line, for example {@code v2}
 */
public record CpuProfile(String name, Set<CpuFeature> features) {
    public CpuProfile {
        features = Set.copyOf(features);
    }
}
