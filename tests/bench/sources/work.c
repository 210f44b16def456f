/* SPDX-License-Identifier: MIT */
/* Two threads busy in the C library (numbers, sorting, allocation), for the seconds given. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NR_TEXTS 256

struct job {
	time_t end;
	long sum;
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static long sort_texts(int seed)
{
	char *texts[NR_TEXTS];
	long sum = 0;

	for (int i = 0; i < NR_TEXTS; i++) {
		texts[i] = malloc(32);
		snprintf(texts[i], 32, "%d %.3f", i * 7919 % (1009 + seed), i / 7.0);
	}
	qsort(texts, NR_TEXTS, sizeof(*texts), compare);
	for (int i = 0; i < NR_TEXTS; i++) {
		sum += strtol(texts[i], NULL, 10);
		free(texts[i]);
	}
	return sum;
}

static void *work(void *arg)
{
	struct job *job = arg;

	for (int i = 0; time(NULL) < job->end; i++)
		job->sum += sort_texts(i % 7);
	return NULL;
}

int main(int argc, char **argv)
{
	struct job jobs[2] = {{.end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1)}};
	pthread_t other;

	jobs[1] = jobs[0];
	pthread_create(&other, NULL, work, &jobs[1]);
	work(&jobs[0]);
	pthread_join(other, NULL);
	printf("%ld\n", jobs[0].sum + jobs[1].sum);
	return 0;
}
