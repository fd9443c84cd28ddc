/** The worker as a function of AWS Lambda. */
@NullMarked
package dev.wren.worker.lambda;

import org.jspecify.annotations.NullMarked;
