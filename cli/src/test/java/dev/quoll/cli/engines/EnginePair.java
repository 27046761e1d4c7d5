package dev.quoll.cli.engines;

import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Engines;
import java.util.ArrayList;
import java.util.List;

/** Two engines between which a machine moves. The name says why KVM is not among them where it does not work. */
record EnginePair(Engine first, Engine second) {
    /** The emulator with itself, and with KVM where that can be used. */
    static List<EnginePair> all() {
        try {
            Engine emulator = Engines.named("emulator");
            List<EnginePair> pairs = new ArrayList<>(List.of(new EnginePair(emulator, emulator)));
            for (Engine engine : TestEngines.usable()) {
                if (engine != emulator && !engine.name().equals(emulator.name())) {
                    pairs.add(new EnginePair(emulator, engine));
                }
            }
            return pairs;
        } catch (EngineException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String toString() {
        return first.name() + " and " + second.name();
    }
}
