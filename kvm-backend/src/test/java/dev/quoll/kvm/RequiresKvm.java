package dev.quoll.kvm;

import dev.quoll.machine.Engine.Probe;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips a test, with the reason, where no guest runs on KVM; {@code -Dquoll.require.kvm=true} makes it run and fail. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresKvm.Condition.class)
@interface RequiresKvm {
    final class Condition implements ExecutionCondition {
        private static final Probe VERDICT = KvmProbe.run().verdict();

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return VERDICT instanceof Probe.Unusable unusable && !Boolean.getBoolean("quoll.require.kvm")
                    ? ConditionEvaluationResult.disabled(unusable.reason())
                    : ConditionEvaluationResult.enabled("KVM runs a guest");
        }
    }
}
