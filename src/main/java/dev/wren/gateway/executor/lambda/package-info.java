/** Runs calls on AWS Lambda. */
@NullMarked
package dev.wren.gateway.executor.lambda;

import org.jspecify.annotations.NullMarked;
