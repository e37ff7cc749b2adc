"""An ordinary training loop that prunes its own network: minibatches, Adam, a learning-rate schedule.

Trains a classifier (breast cancer, 30 features) and a regression (diabetes, 10 features) on data that come
with scikit-learn, each once as usual and once with `ReweightedL1`, and prints what is left.

    pip install scikit-learn
    python examples/prune_while_training.py
"""

import torch
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from sparsest.continuous import ReweightedL1, count, to_network

WIDTH, EPOCHS, RATE = 32, 100, 0.01


def tensors(load, regression):
    """Return standardised training and test data: four float32 tensors."""
    X, y = load(return_X_y=True)
    split = train_test_split(X, y.astype(float), test_size=0.25, random_state=0)
    split[:2] = [(part - split[0].mean(0)) / split[0].std(0) for part in split[:2]]
    if regression:
        split[2:] = [(part - split[2].mean()) / split[2].std() for part in split[2:]]
    return [torch.tensor(part, dtype=torch.float32) for part in split]


def train(X, y, loss, regularization):
    """Return a trained network; with `regularization` 0 this is plain Adam."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(X.shape[1], WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1), nn.Flatten(0))
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    sparse = ReweightedL1(optimizer, network, p=0.4, objective="weights", regularization=regularization)
    for _ in range(EPOCHS):
        for inputs, labels in DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True):
            sparse.zero_grad()
            loss(network(inputs), labels).backward()
            sparse.step()  # in place of optimizer.step()
        schedule.step()
        sparse.prune()  # from here on the network is narrower, and faster
    return network


def accuracy(values, labels):
    """Return the share of labels that the sign of the logits gets right."""
    return ((values > 0) == (labels > 0)).float().mean().item()


def explained(values, labels):
    """Return the share of the labels' variance that is explained, R^2."""
    return 1 - ((values - labels).square().mean() / (labels - labels.mean()).square().mean()).item()


def report(name, load, loss, score, regularization):
    """Train both ways and print a line each."""
    train_X, test_X, train_y, test_y = tensors(load, score is explained)
    print(f"{name}: {len(train_X)} samples, {train_X.shape[1]} features, {WIDTH} neurons at first")
    for label, strength in (("plain", 0.0), ("sparse", regularization)):
        network = train(train_X, train_y, loss, strength)
        with torch.no_grad():
            fitted, held_out = score(network(train_X), train_y), score(network(test_X), test_y)
        print(
            f"  {label:7}{count(network):3} neurons {count(network, 'weights'):5} weights   "
            f"{score.__name__} {fitted:.3f} in training, {held_out:.3f} on held-out samples"
        )
    print(f"  as arrays: {to_network(network)}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    report("breast cancer", load_breast_cancer, nn.BCEWithLogitsLoss(), accuracy, 0.03)
    report("diabetes", load_diabetes, nn.MSELoss(), explained, 0.03)
