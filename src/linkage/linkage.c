#include "linkage/linkage.h"

#include <math.h>

void linkage_score_pair(struct linkage_score *out, struct scorer *scorer, uint32_t left,
                        uint32_t right)
{
    linkage_score_block(&out->weight, scorer, left, &right, 1);
    out->probability = scoring_probability(out->weight);
}

void linkage_score_block(double *weights, struct scorer *scorer, uint32_t left,
                         const uint32_t *rights, size_t count)
{
    scorer_set_left(scorer, left);
    for (size_t i = 0; i < count; i++) {
        weights[i] = scorer_weight(scorer, rights[i], -INFINITY, scorer->levels);
    }
}
