/* Linked through the deliveries themselves, which the pool allocates once: moving one costs no memory and
 * cannot fail. Whoever moves a delivery knows which list it is in. */
#include "worker/smtp/delivery.h"

void smtp_delivery_list_append(struct smtp_delivery_list *list, struct smtp_delivery *delivery)
{
    delivery->next = NULL;
    delivery->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = delivery;
    list->last = delivery;
    list->count++;
}

void smtp_delivery_list_prepend(struct smtp_delivery_list *list, struct smtp_delivery *delivery)
{
    delivery->previous = NULL;
    delivery->next = list->first;
    *(list->first ? &list->first->previous : &list->last) = delivery;
    list->first = delivery;
    list->count++;
}

struct smtp_delivery *smtp_delivery_list_remove(struct smtp_delivery_list *list,
                                                struct smtp_delivery *delivery)
{
    *(delivery->previous ? &delivery->previous->next : &list->first) = delivery->next;
    *(delivery->next ? &delivery->next->previous : &list->last) = delivery->previous;
    delivery->next = delivery->previous = NULL;
    list->count--;
    return delivery;
}
